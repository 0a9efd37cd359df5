//! A provider that sends 300 MB without a line feed fails its own run and affects no other.

use super::chatbot::{Chatbot, Events, read_request, say};
use flate2::{Compress, Compression, FlushCompress};
use reqwest::StatusCode;
use serde_json::json;
use std::{
    io::{BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

const FLOOD: usize = 300 << 20;
const PART: usize = 1 << 20;

/// The time limit for `/health` and for a token during the flood. Before the limits were introduced, both
/// took until the flood was over, or the process was.
const WITHIN: Duration = Duration::from_secs(2);
/// The limit for the peak memory of the process, in kB.
const MEMORY: u64 = 200_000;

/// How the flood is sent.
#[derive(Clone, Copy)]
enum Manner {
    Plain,
    Packed,
}

/// A provider that sends a flood in response to the prompt for a flood, and answers the other request with
/// the words that the test sends to the channel.
struct Provider {
    url: String,
    words: mpsc::Sender<&'static str>,
    /// The number of bytes of the flood that were sent.
    flooded: oneshot::Receiver<usize>,
}

impl Provider {
    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (words, spoken) = mpsc::channel();
        let spoken = Arc::new(Mutex::new(spoken));
        let (sent, flooded) = oneshot::channel();
        let mut sent = Some(sent);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let asked = read_request(&mut BufReader::new(stream.try_clone().unwrap()));
                let spoken = Arc::clone(&spoken);
                if let Some(sent) = sent.take_if(|_| asked.contains("flood")) {
                    thread::spawn(move || {
                        let _ = sent.send(flood(&mut stream, manner));
                    });
                } else {
                    thread::spawn(move || {
                        start_answer(&mut stream, "");
                        for word in spoken.lock().unwrap().iter() {
                            assert!(say(&mut stream, word));
                        }
                        stream.write_all(b"data: [DONE]\n\n").unwrap();
                    });
                }
            }
        });
        Self { url, words, flooded }
    }
}

fn start_answer(stream: &mut TcpStream, more: &str) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
    write!(stream, "{head}{more}\r\n").unwrap();
}

/// Sends an endless line; returns how many uncompressed bytes were accepted.
fn flood(stream: &mut TcpStream, manner: Manner) -> usize {
    let mut part = vec![b'x'; PART];
    match manner {
        Manner::Plain => {
            start_answer(stream, "");
            assert!(say(stream, "I say "));
        }
        Manner::Packed => {
            start_answer(stream, "content-encoding: gzip\r\n");
            stream.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]).unwrap();
            // a part that can be sent repeatedly
            let mut packed = Vec::with_capacity(PART);
            let mut gzip = Compress::new(Compression::fast(), false);
            gzip.compress_vec(&part, &mut packed, FlushCompress::Full).unwrap();
            part = packed;
        }
    }
    for sent in 0..FLOOD / PART {
        if stream.write_all(&part).is_err() {
            return sent * PART;
        }
    }
    FLOOD
}

async fn flood_beside_a_normal_answer(manner: Manner) {
    let mut provider = Provider::start(manner);
    let chatbot = Chatbot::start(&provider.url).await;

    let prompt = json!({ "prompt": "what is a monad?" });
    assert_eq!(chatbot.post("bob", "/chat", &prompt).await, StatusCode::ACCEPTED);
    let mut bob = Events::of(&chatbot, "bob").await;
    provider.words.send("first ").unwrap();
    bob.until("item").await;

    let prompt = json!({ "prompt": "send me a flood" });
    assert_eq!(chatbot.post("ada", "/chat", &prompt).await, StatusCode::ACCEPTED);
    let (mut rounds, mut slowest, mut flooded) = (0_u32, Duration::ZERO, None);
    // including some rounds after the flood
    while flooded.is_none() || rounds < 20 {
        flooded = flooded.or_else(|| provider.flooded.try_recv().ok());
        let start = Instant::now();
        assert!(chatbot.is_healthy().await);
        provider.words.send("on ").unwrap();
        bob.until("item").await;
        slowest = slowest.max(start.elapsed());
        rounds += 1;
    }

    let mut ada = Events::of(&chatbot, "ada").await;
    let failed = ada.until("run_failed").await;
    assert!(failed.to_string().contains("of more than 4194304 bytes"), "{failed}");
    drop(provider.words);
    bob.until("run_paused").await;
    let memory = chatbot.peak_memory();
    println!("{rounds} rounds, the slowest took {slowest:?}; {flooded:?} bytes; {memory:?} kB");
    assert!(slowest < WITHIN, "{slowest:?}");
    assert!(memory.is_none_or(|memory| memory < MEMORY), "{memory:?} kB");
    if matches!(manner, Manner::Plain) {
        assert!(flooded.is_some_and(|flooded| flooded < FLOOD / 4), "{flooded:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_300_mb_fails_its_run_and_does_not_affect_health_or_other_sessions() {
    flood_beside_a_normal_answer(Manner::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_line_of_300_mb_fails_its_run_and_does_not_affect_health_or_other_sessions() {
    flood_beside_a_normal_answer(Manner::Packed).await;
}
