//! The complete programs of the guide, and their output.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    Graph, Vector,
    log::{LogItem, MemoryLog},
    run::{AppBuilder, Provided},
};
use burdock_guide::{prints, with_sources};
use std::{
    fs,
    io::Read,
    path::Path,
    process::{Command, Stdio},
};

/// Returns a file of this package without its module docs and inner attributes.
fn listing(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(path).unwrap();
    let head = |line: &&str| line.starts_with("//!") || line.starts_with("#!") || line.is_empty();
    text.split_inclusive('\n').skip_while(|line| head(&line.trim_end())).collect()
}

#[test]
fn the_programs_in_the_guide_are_up_to_date() {
    prints("resume.md", "translate", &listing("src/bin/translate.rs"));
    prints("stores.md", "journal", &listing("tests/journal.rs"));
}

#[test]
fn a_killed_program_resumes_as_in_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_translate"));
        command.current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap()
    };

    let mut first = start();
    let (mut output, mut seen) = (first.stdout.take().unwrap(), Vec::new());
    while !String::from_utf8_lossy(&seen).ends_with("chapter 2: once") {
        let mut byte = [0];
        output.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    first.kill().unwrap();
    first.wait().unwrap();

    let second = start().wait_with_output().unwrap();
    let printed = String::from_utf8(second.stdout).unwrap();
    assert!(printed.starts_with("Unfinished(translate)\n\nMärchen, chapter 2:"), "{printed}");
    prints("resume.md", "translate: started again", &printed);
}

/// Versions of a program, and one with a renamed graph.
macro_rules! program {
    ($module:ident, $graph:ident, $node:ident, [$($state:tt)*], { $($field:ident: $type:ty),* }, $input:ty) => {
        mod $module {
            use burdock::{log::Document, prelude::*};
            use serde::{Deserialize, Serialize};

            #[allow(dead_code, reason = "not every program migrates")]
            fn from_1(_: Document) -> Result<Document, &'static str> {
                Err("the speaker is unknown")
            }

            #[derive(State, Clone, Default, Serialize, Deserialize)]
            $($state)*
            pub struct Talk {
                $(pub $field: $type,)*
                pub stuck: bool,
            }

            #[streaming_action(state = Talk, writes(stuck), yields(u32))]
            async fn listen(#[input] prompt: &$input) -> Result<Writes> {
                let _ = prompt;
                yield_!(1);
                Ok(Writes { stuck: true })
            }

            graph! {
                pub $graph(Talk) {
                    inputs { prompt: $input }
                    yields u32;
                    nodes { $node: listen }
                    start $node;
                    $node -> pause;
                }
            }
        }
    };
}

program!(first, Chat, listen, [], { messages: Vector<String> }, String);
program!(renamed, Chat, hear, [], { messages: Vector<String> }, String);
program!(retyped, Chat, listen, [], { messages: Vector<u32> }, String);
program!(asking, Chat, listen, [], { messages: Vector<String> }, u32);
program!(other, Support, listen, [], { messages: Vector<String> }, String);
program!(newer, Chat, listen, [#[state(version = 2, migrate = [from_1])]], { messages: Vector<String> }, String);

async fn opened<G: Graph<Item: LogItem>>(
    builder: AppBuilder<G, Provided<G::Resources>>,
    log: &MemoryLog,
) -> Result<burdock::App<G>, String>
where
    G::State: Default,
{
    let opened = builder.id("anna").log(log.clone()).build().await;
    opened.map_err(|error| with_sources(&error))
}

#[tokio::test]
async fn incompatible_sessions_are_rejected_with_the_errors_in_the_guide() {
    let log = MemoryLog::new();
    let state = first::Talk { messages: Vector::from(["hello".to_owned()]), stuck: false };
    let mut app =
        first::Chat::app().state(state).id("anna").log(log.clone()).build().await.unwrap();
    let mut run = app.run(first::ChatInputs { prompt: "hello".into() });
    run.next().await.unwrap().unwrap();
    drop(run);

    let mut errors = vec![
        opened(other::Support::app(), &log).await.unwrap_err(),
        opened(renamed::Chat::app(), &log).await.unwrap_err(),
        opened(retyped::Chat::app(), &log).await.unwrap_err(),
        opened(newer::Chat::app(), &log).await.unwrap_err(),
    ];
    let mut app = opened(asking::Chat::app(), &log).await.unwrap();
    errors.push(app.resume().await.unwrap_err().to_string());

    let log = MemoryLog::new();
    opened(newer::Chat::app(), &log).await.unwrap();
    errors.push(opened(first::Chat::app(), &log).await.unwrap_err());
    prints("resume.md", "errors", &errors.join("\n\n"));
}
