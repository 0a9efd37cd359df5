//! A child, and this end of its pipes.

use super::child::{FILE, MARK, PATIENCE};
use burdock::log::Cursor;
use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// How long a child waits for a lock when nobody is frozen.
pub const PATIENT: u32 = 60_000;

/// A child; it is killed when it is dropped.
pub struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// What a child says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
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
    /// Starts a child that waits up to `patience` milliseconds for a lock on the file, and returns when it
    /// has the file open.
    pub fn start(file: &Path, patience: u32) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child::child_process_executes_commands", "--nocapture"])
            .env(FILE, file)
            .env(PATIENCE, patience.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, stdin, stdout };
        assert_eq!(process.hear(), Some(Said::Ready));
        process
    }

    pub fn tell(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").unwrap();
    }

    /// The next thing that it says; `None` once it is dead.
    pub fn hear(&mut self) -> Option<Said> {
        loop {
            let mut line = String::new();
            self.stdout.read_line(&mut line).unwrap();
            if line.is_empty() {
                return None;
            }
            if let Some(said) = line.strip_prefix(MARK) {
                return Some(parse(said.trim_end()));
            }
        }
    }

    /// Opens the session; `None` while the file is locked.
    pub fn try_open(&mut self, durability: &str) -> Option<Cursor> {
        self.tell(&format!("open {durability}"));
        match self.hear().unwrap() {
            Said::Opened(cursor) => Some(cursor),
            Said::Locked => None,
            other => panic!("{other:?}"),
        }
    }

    /// Opens the session; gives its epoch and its last entry.
    pub fn open(&mut self, durability: &str) -> Cursor {
        self.try_open(durability).unwrap()
    }

    /// Everything that it says in a run, and how the run ends.
    pub fn hear_run(&mut self) -> (Vec<Said>, Said) {
        let mut said = Vec::new();
        loop {
            match self.hear().unwrap() {
                end @ (Said::Done | Said::Fenced) => return (said, end),
                other => said.push(other),
            }
        }
    }

    /// Kills it, and gives what it said before it died.
    pub fn kill(mut self) -> Vec<Said> {
        self.child.kill().unwrap();
        std::iter::from_fn(|| self.hear()).collect()
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // it may be dead already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(said: &str) -> Said {
    let mut words = said.split(' ');
    let mut next = || words.next().unwrap();
    match next() {
        "ready" => Said::Ready,
        "opened" => Said::Opened(next().parse().unwrap()),
        "locked" => Said::Locked,
        "item" => Said::Item(next().parse().unwrap(), next().into()),
        "superseded" => Said::Superseded(next().parse().unwrap(), next().parse().unwrap()),
        "committed" => Said::Committed(next().parse().unwrap(), next().parse().unwrap()),
        "other" => Said::Other(next().parse().unwrap()),
        "done" => Said::Done,
        "fenced" => Said::Fenced,
        _ => panic!("{said}"),
    }
}
