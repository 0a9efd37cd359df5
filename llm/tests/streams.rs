//! Recorded streams of servers with the `OpenAI` protocol, each with its expected outcome.
//!
//! Each file in `streams/` is one stream. Its header describes the reason for the test, the
//! `content-type` if it is not that of an event stream, and the expected outcome; after `---` follows
//! the body, byte by byte. To add a stream, add a file.
//!
//! In `expect`, the id `*` stands for any id; `tokens` are those of the request and of the answer. Each
//! stream is sent over TCP as a whole, in single bytes, and with CRLF and CR line ends.

use burdock_llm::{
    Answer, Chunk, Model, ModelError, Provider, Reason, Request, ToolCallDelta, answer::Whole,
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::mpsc,
    thread,
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;
type Outcome = std::result::Result<Whole, ModelError>;

/// A recorded stream.
struct Recording {
    name: String,
    content_type: String,
    expected: Value,
    body: Vec<u8>,
}

impl Recording {
    fn parse(name: String, file: &str) -> Result<Self> {
        let (head, body) = file.split_once("\n---\n").ok_or("there is no `---`")?;
        let mut content_type = "text/event-stream".to_owned();
        let mut expected = None;
        for line in head.lines().filter(|line| !line.starts_with('#')) {
            match line.split_once(':').ok_or("a line of the head has no colon")? {
                ("content-type", value) => value.trim().clone_into(&mut content_type),
                ("expect", value) => expected = Some(serde_json::from_str(value)?),
                (other, _) => return Err(format!("unknown key `{other}`").into()),
            }
        }
        let expected = expected.ok_or("nothing is expected")?;
        Ok(Self { name, content_type, expected, body: body.as_bytes().to_vec() })
    }
}

/// How the bytes of a stream are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Whole,
    SingleBytes,
    Crlf,
    Cr,
}

const MANNERS: [Manner; 4] = [Manner::Whole, Manner::SingleBytes, Manner::Crlf, Manner::Cr];

fn recordings() -> Result<Vec<Recording>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streams");
    let mut recordings = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().ok_or("no name")?.to_string_lossy().into_owned();
        let file = fs::read_to_string(&path)?;
        recordings.push(Recording::parse(name.clone(), &file).map_err(|e| format!("{name}: {e}"))?);
    }
    recordings.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(recordings)
}

/// A recording that the server sends next.
struct Performance {
    content_type: String,
    body: Vec<u8>,
    manner: Manner,
}

/// A server that sends one recording after the other, and a model that uses it.
struct Stage {
    model: Provider,
    next: mpsc::Sender<Performance>,
    server: thread::JoinHandle<io::Result<()>>,
}

impl Stage {
    fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let (next, performances) = mpsc::channel();
        let server = thread::spawn(move || {
            performances.iter().try_for_each(|performance| serve(&listener, &performance))
        });
        Ok(Self { model: Provider::at(&url, "small", None)?, next, server })
    }

    async fn play(
        &self,
        recording: &Recording,
        manner: Manner,
    ) -> Result<(Outcome, Vec<ToolCallDelta>)> {
        let ends = |end: &str| String::from_utf8_lossy(&recording.body).replace('\n', end);
        let body = match manner {
            Manner::Whole | Manner::SingleBytes => recording.body.clone(),
            Manner::Crlf => ends("\r\n").into_bytes(),
            Manner::Cr => ends("\r").into_bytes(),
        };
        let content_type = recording.content_type.clone();
        self.next.send(Performance { content_type, body, manner })?;
        let items: Vec<_> = self.model.chat(Request::prompt("Hi")).collect().await;
        let deltas = items.iter().filter_map(|item| match item {
            Ok(Chunk::ToolCallDelta(delta)) => Some(delta.clone()),
            _ => None,
        });
        let deltas = deltas.collect();
        Ok((Answer::new(stream::iter(items)).whole().await, deltas))
    }

    async fn close(self) -> Result {
        drop(self.next);
        let served = tokio::task::spawn_blocking(|| self.server.join()).await?;
        Ok(served.map_err(|_| "the server panicked")??)
    }
}

/// Serves one request.
fn serve(listener: &TcpListener, performance: &Performance) -> io::Result<()> {
    let Performance { content_type, body, manner } = performance;
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    read_request(&stream)?;
    write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n")?;
    if !content_type.is_empty() {
        write!(stream, "content-type: {content_type}\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    let sent = match manner {
        Manner::SingleBytes => body.iter().try_for_each(|byte| stream.write_all(&[*byte])),
        Manner::Whole | Manner::Crlf | Manner::Cr => stream.write_all(body),
    };
    // the client closes the connection when it has read enough
    sent.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Ok(()),
        _ => Err(error),
    })
}

fn read_request(stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.read_exact(&mut vec![0; length])
}

/// Converts the outcome to the format of `expect`.
fn seen(outcome: &Outcome, expected: &Value) -> Value {
    let whole = match outcome {
        Ok(whole) => whole,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let any = |place: usize| expected["calls"][place]["id"] == "*";
    let calls: Vec<Value> = whole
        .tool_calls
        .iter()
        .enumerate()
        .map(|(place, call)| {
            let id = if any(place) { "*" } else { &call.id };
            json!({ "id": id, "name": call.name, "arguments": call.arguments })
        })
        .collect();
    let mut seen = json!({ "text": whole.text, "calls": calls, "end": whole.end.reason });
    let usage = whole.end.usage;
    if usage.input_tokens.is_some() || usage.output_tokens.is_some() {
        seen["tokens"] = json!([usage.input_tokens, usage.output_tokens]);
    }
    seen
}

/// Returns whether the deltas of each call are its name and its arguments, unless those were repaired.
fn check_growth(whole: &Whole, deltas: &[ToolCallDelta]) -> bool {
    whole.end.reason != Reason::Complete
        || whole.tool_calls.iter().enumerate().all(|(index, call)| {
            let own = || deltas.iter().filter(|delta| delta.index == index);
            let name: String = own().map(|delta| delta.name.as_str()).collect();
            let text: String = own().map(|delta| delta.arguments.as_str()).collect();
            let arguments: Option<Value> = serde_json::from_str(&text).ok();
            let is_repaired = !arguments.as_ref().is_some_and(Value::is_object);
            name == call.name && (is_repaired || arguments.as_ref() == Some(&call.arguments))
        })
}

/// Returns whether the ids that `expect` leaves open are present and unique.
fn check_ids(whole: &Whole, expected: &Value, known: &mut BTreeSet<String>) -> bool {
    let ids: BTreeSet<&str> = whole.tool_calls.iter().map(|call| call.id.as_str()).collect();
    let open = |place: usize| expected["calls"][place]["id"] == "*";
    ids.len() == whole.tool_calls.len()
        && !ids.contains("")
        && whole
            .tool_calls
            .iter()
            .enumerate()
            .all(|(place, call)| !open(place) || known.insert(call.id.clone()))
}

#[tokio::test]
async fn recorded_stream_has_its_outcome_for_every_split_of_its_bytes() -> Result {
    let stage = Stage::open()?;
    let (mut failures, mut ids) = (Vec::new(), BTreeSet::new());
    for recording in &recordings()? {
        let Recording { name, expected, .. } = recording;
        for manner in MANNERS {
            let (outcome, deltas) = stage.play(recording, manner).await?;
            let seen = seen(&outcome, expected);
            if seen != *expected {
                failures.push(format!("{name} ({manner:?}): expected {expected}, seen {seen}"));
            }
            if !outcome.as_ref().map_or(true, |whole| check_growth(whole, &deltas)) {
                failures.push(format!("{name} ({manner:?}): the deltas are {deltas:?}"));
            }
            if !outcome.is_ok_and(|whole| check_ids(&whole, expected, &mut ids))
                && expected["error"].is_null()
            {
                failures.push(format!("{name} ({manner:?}): an id is missing or used twice"));
            }
        }
    }
    stage.close().await?;
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(!ids.is_empty());
    Ok(())
}
