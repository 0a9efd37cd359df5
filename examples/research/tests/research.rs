//! The example offline: as a process, and in this process with a scripted model.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use burdock::{
    App, EventKind, Log, Position,
    log::{EntryKind, MemoryLog, Offset, SessionId},
};
use burdock_llm::{Model, Offline, Pace, Script, Scripted};
use research::{
    library::Library,
    progress::Progress,
    report::{Reporting, ReportingInputs, ReportingResources},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};
use tempfile::TempDir;

/// The program, offline regardless of the environment.
fn research() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_research"));
    for name in [
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "BURDOCK_MODEL",
        "BURDOCK_BASE_URL",
    ] {
        command.env_remove(name);
    }
    command.env("BURDOCK_PACE", "instant");
    command
}

fn run(args: &[&str]) -> Output {
    research().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn each_question_has_progress_and_an_answer() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("research.db");
    let log = log.to_str().unwrap();
    fs::write(folder.path().join("a.md"), "Ownership.\n\nA monad.").unwrap();
    let library = folder.path().to_str().unwrap();
    let questions = ["What is a monad?", "What is ownership?"];
    let args = [&["--log", log, "--library", library, "--topic", "Words"][..], &questions].concat();
    let output = run(&args);
    let shown = text(&output.stdout);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    for part in [
        "· 1 What is a monad?",
        "searching\n",
        "reading a.md\n",
        "writing\n",
        "✓ 2 What is ownership?",
        "\n# Words\n\n## What is a monad?\n\nA monad is a type with two operations",
        "\n## What is ownership?\n\nEvery value in Rust has exactly one owner",
        "\nSources: a.md\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    // the report is in the log
    let again = text(&run(&["--log", log]).stdout);
    assert!(!again.contains("searching"), "{again}");
    assert_eq!(again.split_once("\n# ").unwrap().1, shown.split_once("\n# ").unwrap().1);
}

#[test]
fn usage_errors_are_explained() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("research.db");
    let log = log.to_str().unwrap();
    assert!(run(&["--log", log, "What is a monad?"]).status.success());
    for (args, message) in [
        (&["--questions"][..], "unknown argument `--questions`"),
        (&[], "nothing to research: name a question, or `--topic`"),
        (&["--log", log, "--session", "b"], "session `b` is new: it needs a question or `--topic`"),
        (&["--log", log, "Why?"], "session `research` has another task: name no question and"),
    ] {
        let output = run(args);
        let complaint = text(&output.stderr);
        assert!(complaint.starts_with(&format!("error: {message}")), "{complaint}");
        assert_eq!(output.status.code(), Some(2), "{complaint}");
    }
    let output = run(&["--library", "no/such/folder", "Why?"]);
    assert!(text(&output.stderr).starts_with("error: `no/such/folder`: "), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_research_that_is_stopped_by_ctrl_c_continues_at_the_next_start() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("research.db");
    fs::write(folder.path().join("a.md"), "Ownership.\n\nA monad.").unwrap();
    let library = folder.path().to_str().unwrap();
    let args = ["--log", log.to_str().unwrap(), "--library", library, "What is a monad?"];
    // without `BURDOCK_PACE`, each access takes some time
    let mut command = research();
    let mut child =
        command.env_remove("BURDOCK_PACE").args(args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("reading")));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let rest: Vec<_> = lines.collect();
    assert_eq!(rest.last().unwrap(), "(stopped; start again to continue)");
    assert!(child.wait().unwrap().success());

    let shown = text(&run(&args).stdout);
    assert!(shown.contains("(continues at investigate)"), "{shown}");
    assert!(shown.contains("## What is a monad?"), "{shown}");
}

/// The research in this process, with texts in a folder that is removed with it.
struct World {
    folder: TempDir,
    log: Arc<dyn Log>,
}

impl World {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("a.md"), "Tides follow the moon.\n\nWinds follow the sun.")
            .unwrap();
        Self { folder, log: Arc::new(MemoryLog::new()) }
    }

    async fn app(&self, llm: &Arc<dyn Model>) -> App<Reporting> {
        let mut library = Library::open(self.folder.path()).unwrap();
        library.record_accesses(&self.accesses()).unwrap();
        let resources = ReportingResources { llm: Arc::clone(llm), library: Arc::new(library) };
        let app = Reporting::app().resources(resources).id("ada").log(Arc::clone(&self.log));
        app.build().await.unwrap()
    }

    fn accesses(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("accesses")
    }

    fn searches(&self, question: &str) -> usize {
        let lines = fs::read_to_string(self.accesses()).unwrap();
        lines.lines().filter(|line| *line == format!("search {question}")).count()
    }
}

fn inputs(questions: &[&str]) -> ReportingInputs {
    let questions = questions.iter().map(|question| (*question).to_owned()).collect();
    ReportingInputs { topic: "Nature".into(), questions, at_most: 2 }
}

#[tokio::test]
async fn the_model_proposes_the_questions_of_a_topic() {
    let llm: Arc<dyn Model> = Arc::new(Scripted::by(|request| {
        let prompt = request.messages.last().map_or("", |message| message.text.as_str());
        if prompt.starts_with("Propose") {
            return Script::new().say(r#"["Whence tides?", "Whence tides?"]"#);
        }
        assert_eq!(prompt, "Whence tides?");
        let system = request.options.system.as_deref().unwrap_or_default();
        assert!(system.contains("\"Tides follow the moon.\""), "{system}");
        Script::new().say("From ").say("the moon.")
    }));
    let world = World::new();
    let mut app = world.app(&llm).await;
    let end = app.run(inputs(&[])).await.unwrap();
    let text = end.state().text.get().unwrap();
    let section = "\n## Whence tides?\n\nFrom the moon.\n\nSources: a.md\n";
    assert_eq!(*text, format!("# Nature\n{section}{section}"));
}

#[tokio::test(start_paused = true)]
async fn a_retry_continues_the_child_whose_model_failed() {
    let llm: Arc<dyn Model> = Arc::new(Scripted::new([
        Script::new().say("From the moon."),
        Script::new().cut(),
        Script::new().say("From the sun."),
    ]));
    let world = World::new();
    let mut app = world.app(&llm).await;
    let mut run = inputs(&["Whence tides?", "Whence winds?"]);
    run.at_most = 1;
    let end = app.run(run).await.unwrap();
    let answers: Vec<_> = end.state().findings.iter().map(|found| &*found.answer).collect();
    assert_eq!(answers, ["From the moon.", "From the sun."]);
    assert_eq!((world.searches("Whence tides?"), world.searches("Whence winds?")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn each_event_may_be_the_last_one_before_a_crash() {
    const QUESTIONS: [&str; 3] = ["What is a monad?", "What is a stream?", "What is a tide?"];
    let llm: Arc<dyn Model> = Arc::new(Offline::with_pace(Pace::Instant));
    let whole = World::new().app(&llm).await.run(inputs(&QUESTIONS)).await.unwrap().state().clone();
    for count in 0.. {
        let world = World::new();
        let mut app = world.app(&llm).await;
        let mut events = app.run(inputs(&QUESTIONS)).events();
        let mut seen = 0;
        while seen < count && events.next().await.is_some() {
            seen += 1;
        }
        drop(events);
        drop(app);
        let mut app = world.app(&llm).await;
        let mut progress = Progress::default();
        let run = match app.position() {
            Position::Rest(_) => app.run(inputs(&QUESTIONS)),
            Position::Unfinished(_) => app.resume(),
            Position::Ended => break,
        };
        let mut events = run.events();
        while let Some(event) = events.next().await {
            match event.unwrap().kind {
                EventKind::Item(item) => drop(progress.apply(&item)),
                EventKind::ItemsSuperseded { .. } => progress = Progress::default(),
                _ => {}
            }
        }
        let end = events.finish().await.unwrap();
        assert_eq!(end.state().findings, whole.findings, "after {count} events");
        assert_eq!(end.state().text, whole.text, "after {count} events");
        let answered = progress.lines.iter().filter(|line| line.is_answered()).count();
        // the progress of questions that were answered before is shown again
        assert!(progress.lines.is_empty() || answered == 3, "after {count} events");
        for question in QUESTIONS {
            assert!((1..=2).contains(&world.searches(question)), "after {count} events");
        }
        assert!(count < 1_000);
    }
}

#[tokio::test]
async fn the_log_has_each_step_of_a_question() {
    let llm: Arc<dyn Model> = Arc::new(Offline::with_pace(Pace::Instant));
    let world = World::new();
    let mut app = world.app(&llm).await;
    app.run(inputs(&["What is a tide?"])).await.unwrap();
    let ada = SessionId::new("ada").unwrap();
    let records = world.log.read(&ada, Offset(0), 1000).await.unwrap();
    let child = records.iter().find_map(|record| match record.entry(&ada).unwrap().kind {
        EntryKind::ChildStarted { session, .. } => Some(session),
        _ => None,
    });
    let child = child.unwrap();
    let records = world.log.read(&child, Offset(0), 1000).await.unwrap();
    let steps = records.iter().filter_map(|record| match record.entry(&child).unwrap().kind {
        EntryKind::StepCommitted { node, .. } => Some(node),
        _ => None,
    });
    assert_eq!(steps.collect::<Vec<_>>(), ["search", "read", "summarize"]);
}
