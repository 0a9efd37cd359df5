//! A model server with the protocol of `OpenAI`, whose answers are a function of the request.

use crate::Result;
use serde_json::{Value, json};
use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// The length of the pieces in which an answer is streamed, in characters.
const PIECE: usize = 5;

/// An answer.
pub enum Answer {
    /// A text.
    Text(String),
    /// Calls of tools: ids, names, and arguments.
    Calls(Vec<(&'static str, &'static str, Value)>),
}

/// A server, which lives as long as the process.
pub struct Upstream {
    /// The address of its API.
    pub url: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Upstream {
    /// Starts a server.
    ///
    /// # Errors
    /// Returns an error if no port is free.
    pub fn start(answer: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (answer, seen) = (Arc::new(answer), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(io::Result::ok) {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                thread::spawn(move || serve(&stream, &*answer, &seen));
            }
        });
        Ok(Self { url, requests })
    }

    /// Returns the bodies of the requests so far.
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.requests).clone()
    }
}

fn lock(requests: &Mutex<Vec<Value>>) -> MutexGuard<'_, Vec<Value>> {
    requests.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves the requests of a connection, until the client closes it.
fn serve(
    stream: &TcpStream,
    answer: &dyn Fn(&Value) -> Answer,
    requests: &Mutex<Vec<Value>>,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(body) = read(&mut reader)? {
        let request: Value = serde_json::from_slice(&body)?;
        lock(requests).push(request.clone());
        let model = request["model"].as_str().unwrap_or_default();
        let answer = answer(&request);
        if request["stream"] == true {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
            writer.write_all(head.as_bytes())?;
            for event in events(model, &answer) {
                let event = format!("data: {event}\n\n");
                write!(writer, "{:x}\r\n{event}\r\n", event.len())?;
            }
            let done = "data: [DONE]\n\n";
            write!(writer, "{:x}\r\n{done}\r\n0\r\n\r\n", done.len())?;
        } else {
            let body = whole(model, &answer).to_string();
            let length = body.len();
            write!(
                writer,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )?;
        }
        writer.flush()?;
    }
    Ok(())
}

/// Reads the body of the next request; `None` at the end of the connection.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

const USAGE: (u64, u64) = (11, 7);

fn usage() -> Value {
    let (input, output) = USAGE;
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output })
}

/// Returns the events of a streamed answer.
fn events(model: &str, answer: &Answer) -> Vec<Value> {
    let chunk = |delta: Value, finish: Value| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    };
    let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    match answer {
        Answer::Text(text) => {
            events
                .extend(pieces(text).map(|piece| chunk(json!({ "content": piece }), Value::Null)));
        }
        Answer::Calls(calls) => {
            for (index, (id, name, arguments)) in calls.iter().enumerate() {
                let first = json!({ "index": index, "id": id, "type": "function", "function": { "name": name, "arguments": "" } });
                let more = pieces(&arguments.to_string())
                    .map(|piece| json!({ "index": index, "function": { "arguments": piece } }))
                    .collect::<Vec<_>>();
                let deltas = [first].into_iter().chain(more);
                events
                    .extend(deltas.map(|call| chunk(json!({ "tool_calls": [call] }), Value::Null)));
            }
        }
    }
    events.push(chunk(json!({}), reason(answer)));
    events.push(json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
        "choices": [], "usage": usage(),
    }));
    events
}

/// Returns an answer that is not streamed.
fn whole(model: &str, answer: &Answer) -> Value {
    let message = match answer {
        Answer::Text(text) => json!({ "role": "assistant", "content": text }),
        Answer::Calls(calls) => {
            let calls = calls.iter().map(|(id, name, arguments)| {
                json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments.to_string() } })
            });
            json!({ "role": "assistant", "content": null, "tool_calls": calls.collect::<Vec<_>>() })
        }
    };
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{ "index": 0, "message": message, "finish_reason": reason(answer) }], "usage": usage(),
    })
}

fn reason(answer: &Answer) -> Value {
    match answer {
        Answer::Text(_) => json!("stop"),
        Answer::Calls(_) => json!("tool_calls"),
    }
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let signs: Vec<char> = text.chars().collect();
    signs.chunks(PIECE).map(String::from_iter).collect::<Vec<_>>().into_iter()
}
