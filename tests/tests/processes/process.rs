//! A child process, and the parent's end of its pipes.

use super::child::{BUSY_TIMEOUT, FILE, MARK};
use burdock::log::Cursor;
use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// The milliseconds that a child waits for a lock if no process is frozen.
pub const LONG_TIMEOUT: u32 = 60_000;

/// A child process. It is killed when this is dropped.
pub struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// A line of output of a child.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Ready,
    Opened(Cursor),
    Locked,
    Item(Cursor, String),
    Superseded(Cursor, usize),
    Committed(Cursor, u64),
    Other(Cursor),
    Done,
    Fenced,
}

impl Process {
    /// Starts a child that waits up to `busy_timeout` milliseconds for a lock on the file, and returns when it
    /// has the file open.
    pub fn start(file: &Path, busy_timeout: u32) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child::child_process_executes_commands", "--nocapture"])
            .env(FILE, file)
            .env(BUSY_TIMEOUT, busy_timeout.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, stdin, stdout };
        assert_eq!(process.read(), Some(Output::Ready));
        process
    }

    pub fn send(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").unwrap();
    }

    /// Reads the next line of output. Returns `None` once the process is dead.
    pub fn read(&mut self) -> Option<Output> {
        loop {
            let mut line = String::new();
            self.stdout.read_line(&mut line).unwrap();
            if line.is_empty() {
                return None;
            }
            if let Some(output) = line.strip_prefix(MARK) {
                return Some(parse(output.trim_end()));
            }
        }
    }

    /// Opens the session. Returns `None` while the file is locked.
    pub fn try_open(&mut self, durability: &str) -> Option<Cursor> {
        self.send(&format!("open {durability}"));
        match self.read().unwrap() {
            Output::Opened(cursor) => Some(cursor),
            Output::Locked => None,
            other => panic!("{other:?}"),
        }
    }

    /// Opens the session. Returns its epoch and its last entry.
    pub fn open(&mut self, durability: &str) -> Cursor {
        self.try_open(durability).unwrap()
    }

    /// Reads the output of a run, and its last line.
    pub fn read_run(&mut self) -> (Vec<Output>, Output) {
        let mut output = Vec::new();
        loop {
            match self.read().unwrap() {
                end @ (Output::Done | Output::Fenced) => return (output, end),
                other => output.push(other),
            }
        }
    }

    /// Kills the process. Returns its remaining output.
    pub fn kill(mut self) -> Vec<Output> {
        self.child.kill().unwrap();
        std::iter::from_fn(|| self.read()).collect()
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // fails if the process is dead already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(output: &str) -> Output {
    let mut words = output.split(' ');
    let mut next = || words.next().unwrap();
    match next() {
        "ready" => Output::Ready,
        "opened" => Output::Opened(next().parse().unwrap()),
        "locked" => Output::Locked,
        "item" => Output::Item(next().parse().unwrap(), next().into()),
        "superseded" => Output::Superseded(next().parse().unwrap(), next().parse().unwrap()),
        "committed" => Output::Committed(next().parse().unwrap(), next().parse().unwrap()),
        "other" => Output::Other(next().parse().unwrap()),
        "done" => Output::Done,
        "fenced" => Output::Fenced,
        _ => panic!("{output}"),
    }
}
