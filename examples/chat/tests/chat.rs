//! Runs the example with input from a pipe.

use burdock::{
    Log,
    log::{History, LogError, SessionId},
    state::Patch,
};
use burdock_llm::Usage;
use burdock_sqlite::SqliteLog;
use std::{
    error::Error,
    io::{BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    sync::Arc,
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The command of the example, offline regardless of the environment.
fn chat() -> Command {
    let mut chat = Command::new(env!("CARGO_BIN_EXE_chat"));
    for name in [
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "BURDOCK_MODEL",
        "BURDOCK_BASE_URL",
        "BURDOCK_PACE",
    ] {
        chat.env_remove(name);
    }
    chat
}

/// Sends all lines and waits for the end.
fn say(chat: &mut Command, lines: &str) -> Result<Output> {
    let mut child =
        chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    take(&mut child.stdin)?.write_all(lines.as_bytes())?;
    Ok(child.wait_with_output()?)
}

fn take<T>(end: &mut Option<T>) -> Result<T> {
    end.take().ok_or_else(|| "no pipe".into())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn three_prompts_take_three_branches_and_get_three_answers() -> Result {
    let lines = "write code for fizzbuzz\nwhat is a monad?\nsomething unsafe\n";
    let output = say(chat().arg("--trace").env("BURDOCK_PACE", "instant"), lines)?;
    let stdout = text(&output.stdout);
    let expected = [
        "offline: ",
        "· prompt → check_safety → choose_mode → write_code\n",
        "_ => println!(\"{n}\"),",
        "· write_code → pause prompt\n",
        "· prompt → check_safety → choose_mode → answer\n",
        "A monad is ",
        "· answer → pause prompt\n",
        "· prompt → check_safety → refuse\n",
        "I would rather not help with that.",
        "· refuse → pause prompt\n",
    ];
    let mut rest = stdout.as_str();
    for part in expected {
        let (_, after) = rest
            .split_once(part)
            .ok_or_else(|| format!("`{part}` is missing or out of order:\n{stdout}"))?;
        rest = after;
    }
    assert!(!stdout.contains("\n> "), "there is no prompt in a pipe:\n{stdout}");
    assert_eq!(text(&output.stderr), "");
    assert!(output.status.success());
    Ok(())
}

#[test]
fn without_trace_only_answers_are_shown() -> Result {
    // no line feed after the last line, an empty one, and one from Windows
    let output =
        say(chat().env("BURDOCK_PACE", "instant"), "my name is Ada\r\n\nwhat is my name?")?;
    let stdout = text(&output.stdout);
    let (introduction, answers) = stdout.split_once('\n').ok_or("one line")?;
    assert!(introduction.starts_with("offline: "));
    assert_eq!(
        answers,
        "Nice to meet you, Ada. I will remember that for as long as this session lasts.\n\n\
         You are Ada; you told me.\n\n"
    );
    assert!(output.status.success());
    Ok(())
}

#[test]
fn the_usage_of_an_answer_is_in_the_log() -> Result {
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("chat.db").to_string_lossy().into_owned();
    let kept = ["--db", &db, "--session", "ada"];
    let mut talk = chat();
    let output = say(talk.args(kept).env("BURDOCK_PACE", "instant"), "what is a monad?\n")?;
    assert!(output.status.success());
    let list = text(&say(chat().args(kept).arg("--list"), "")?.stdout);
    assert!(list.contains(": answer wrote usage, ended, history\n"), "{list}");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let usages = runtime.block_on(async {
        let log: Arc<dyn Log> = Arc::new(SqliteLog::open(&db).await?);
        let mut steps = History::of(&log, &SessionId::new("ada")?);
        let mut usages = Vec::new();
        while let Some(step) = steps.next().await? {
            usages.extend(step.patches.into_iter().filter(|(field, _)| field == "usage"));
        }
        Ok::<_, LogError>(usages)
    })?;
    let [(_, Patch::Set(usage))] = &usages[..] else { return Err(format!("{usages:?}").into()) };
    let usage: Usage = serde_json::from_value(usage.clone())?;
    assert_eq!(usage.input_tokens, Some(4));
    assert!(usage.output_tokens.is_some_and(|tokens| tokens > 10));
    assert!(usage.first_delta.is_some());
    Ok(())
}

#[test]
fn an_unknown_argument_is_refused_with_the_usage() -> Result {
    let output = say(chat().arg("--tarce"), "")?;
    let complaint = text(&output.stderr);
    assert!(complaint.contains("unknown argument `--tarce`"), "{complaint}");
    assert!(complaint.contains("Usage: "), "{complaint}");
    assert_eq!(output.status.code(), Some(2));
    let output = say(chat().arg("--help"), "")?;
    assert!(text(&output.stdout).contains("Usage: "));
    assert!(output.status.success());
    Ok(())
}

#[test]
fn an_invalid_setting_is_named() -> Result {
    let output = say(chat().env("BURDOCK_PACE", "hasty"), "")?;
    let complaint = text(&output.stderr);
    assert_eq!(complaint, "error: `BURDOCK_PACE` must be `natural` or `instant`\n");
    assert_eq!(output.status.code(), Some(1));
    Ok(())
}

#[cfg(feature = "providers")]
#[test]
fn an_unreachable_model_is_an_error_and_the_session_continues() -> Result {
    // nothing listens on a port that was just released
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = say(
        chat()
            .env("BURDOCK_BASE_URL", format!("http://{address}/v1"))
            .env("BURDOCK_MODEL", "unknown"),
        "what is a monad?\nsomething unsafe\nwhat is a monad?\n",
    )?;
    let complaint = text(&output.stderr);
    let expected = "error: node `answer` failed: the connection to the provider failed: ";
    assert_eq!(complaint.lines().count(), 2, "{complaint}");
    assert!(complaint.lines().all(|line| line.starts_with(expected)), "{complaint}");
    assert!(text(&output.stdout).contains("I would rather not help with that."));
    assert!(output.status.success());
    Ok(())
}

/// A running chat with interactive input and output.
#[cfg(unix)]
struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    heard: String,
}

#[cfg(unix)]
impl Talk {
    fn start() -> Result<Self> {
        Self::of(&mut chat())
    }

    fn of(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        Ok(Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(take(&mut child.stdout)?),
            child,
            heard: String::new(),
        })
    }

    fn say(&mut self, line: &str) -> Result {
        let stdin = self.stdin.as_mut().ok_or("no pipe")?;
        Ok(writeln!(stdin, "{line}")?)
    }

    /// Reads until the output contains the text; fails if the chat ends first.
    fn read_until(&mut self, expected: &str) -> Result {
        let mut byte = [0];
        let mut bytes = Vec::new();
        while !text(&bytes).contains(expected) {
            let count = self.stdout.read(&mut byte)?;
            bytes.extend_from_slice(&byte);
            if count == 0 {
                return Err(format!("`{expected}` is not heard: {}", text(&bytes)).into());
            }
        }
        self.heard.push_str(&text(&bytes));
        Ok(())
    }

    fn interrupt(&self) -> Result {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &pid]).status()?;
        Ok(status.success().then_some(()).ok_or("kill failed")?)
    }

    /// Closes the input, and returns the output if the chat ended successfully.
    fn end(mut self) -> Result<String> {
        drop(self.stdin.take());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest)?;
        let status = self.child.wait()?;
        assert!(status.success(), "{status}");
        Ok(self.heard + &rest)
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_answer_keeps_it_and_the_next_question_is_answered() -> Result {
    let mut talk = Talk::start()?;
    talk.say("what is a monad?")?;
    talk.read_until("A monad is ")?;
    talk.interrupt()?;
    talk.read_until("(stopped, what you see is kept.")?;
    talk.say("what did you say?")?;
    let heard = talk.end()?;
    assert!(heard.contains("My last answer began like this: \"A monad is"), "{heard}");
    assert!(!heard.contains("none of them has to look"), "{heard}");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_session_reports_that_its_last_answer_was_stopped() -> Result {
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("chat.db").to_string_lossy().into_owned();
    let kept = ["--db", &db, "--session", "ada"];
    let mut talk = Talk::of(chat().args(kept))?;
    talk.say("what is a monad?")?;
    talk.read_until("A monad is ")?;
    talk.interrupt()?;
    talk.read_until("(stopped, what you see is kept.")?;
    talk.end()?;
    let stopped = "session ada: 2 messages so far, the last answer was stopped";
    let asked = say(chat().args(kept), "something unsafe\n")?;
    assert!(text(&asked.stdout).contains(stopped), "{}", text(&asked.stdout));
    let again = say(chat().args(kept), "")?;
    assert!(
        text(&again.stdout).contains("session ada: 4 messages so far\n"),
        "{}",
        text(&again.stdout)
    );
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_ends_the_session() -> Result {
    let mut talk = Talk::start()?;
    talk.say("what is a monad?")?;
    talk.read_until("A monad is ")?;
    talk.interrupt()?;
    talk.read_until("(stopped, ")?;
    talk.interrupt()?;
    talk.read_until("Goodbye.\n")?;
    // its input is still open: it ends on its own
    assert!(talk.child.wait()?.success());
    Ok(())
}
