//! A client of the language server protocol over the standard streams of a process.

use crate::error::Error;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

/// The time after which the server counts as hanging.
const LIMIT: Duration = Duration::from_mins(10);

/// The maximum number of attempts at a request that the server answers with one of [`AGAIN`].
const ATTEMPTS: usize = 1_000;

/// Codes of errors after which a request is sent again: the server was still loading, or a text has changed.
const AGAIN: [i64; 3] = [-32800, -32801, -32802];

/// A running server.
pub(crate) struct Client {
    process: Child,
    input: ChildStdin,
    /// The messages of the server. Closed after the last one.
    messages: Receiver<Value>,
    last_id: u64,
}

impl Client {
    /// Starts rust-analyzer in a folder. Its log is written to a file.
    pub(crate) fn start(folder: &Path, log: &Path) -> Result<Self, Error> {
        let mut process = Command::new("rust-analyzer")
            .current_dir(folder)
            .env("RA_LOG", "error")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()
            .map_err(Error::Start)?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Error::Protocol);
        };
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = receive(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Ok(Self { process, input, messages, last_id: 0 })
    }

    /// Sends a notification.
    pub(crate) fn notify(&mut self, method: &str, params: &Value) -> Result<(), Error> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Sends a request, and returns its result.
    pub(crate) fn request(&mut self, method: &'static str, params: &Value) -> Result<Value, Error> {
        for _ in 0..ATTEMPTS {
            self.last_id += 1;
            let id = self.last_id;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
            let mut response = self.wait_for(|message| {
                message.get("method").is_none() && message["id"] == json!(id)
            })?;
            let error = &response["error"];
            if error.is_null() {
                return Ok(response["result"].take());
            }
            if !error["code"].as_i64().is_some_and(|code| AGAIN.contains(&code)) {
                return Err(Error::Response(method, error.to_string()));
            }
        }
        Err(Error::Busy(method))
    }

    /// Waits for a message. Answers the requests of the server in the meantime.
    pub(crate) fn wait_for(&mut self, mut is: impl FnMut(&Value) -> bool) -> Result<Value, Error> {
        loop {
            let message = self.messages.recv_timeout(LIMIT).map_err(|_| Error::Silent)?;
            if is(&message) {
                return Ok(message);
            }
            if message.get("method").is_some() && message.get("id").is_some() {
                // they register capabilities and show progress
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }))?;
            }
        }
    }

    /// Shuts the server down.
    pub(crate) fn stop(mut self) -> Result<(), Error> {
        self.request("shutdown", &Value::Null)?;
        self.notify("exit", &Value::Null)?;
        self.process.wait()?;
        Ok(())
    }

    fn send(&mut self, message: &Value) -> Result<(), Error> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        Ok(self.input.flush()?)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // fails if the process has ended
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads a message. Returns `None` at the end of the stream, or after a message that is not valid.
fn receive(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut message = vec![0; length];
    output.read_exact(&mut message).ok()?;
    serde_json::from_slice(&message).ok()
}
