//! The commands.

use crate::{release, words};
use std::{fmt, path::Path};

/// A command: other commands, and steps.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) parts: &'static [&'static str],
    pub(crate) steps: &'static [Step],
}

/// A call of a program, or a check of this one.
pub(crate) struct Step {
    pub(crate) program: Program,
    /// Arguments, separated by spaces.
    pub(crate) arguments: &'static str,
    pub(crate) env: Option<(&'static str, &'static str)>,
    /// A folder of the target directory, for flags that would invalidate the builds in it.
    pub(crate) target: Option<&'static str>,
    /// The folder of the package that it runs.
    pub(crate) needs: Option<&'static str>,
}

/// The program of a step.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    Cargo,
    /// In the folder of a package.
    Npm(&'static str),
    /// A function of this program, for the root of the workspace.
    Own(fn(&Path) -> Result<(), String>),
}

/// In the order of the usage text.
pub(crate) const COMMANDS: &[Command] = &[
    command("test", "every test of the workspace", &[Step::new("test --workspace")]),
    command(
        "lint",
        "formatting and clippy, with and without features",
        &[
            Step::new("fmt --all --check"),
            Step::new("clippy --workspace --all-targets --all-features -- -D warnings"),
            Step::new("clippy -p burdock --no-default-features -- -D warnings"),
            Step::new("clippy -p burdock-llm --lib --tests -- -D warnings"),
        ],
    ),
    command(
        "doc",
        "rustdoc without a warning",
        &[Step::new("doc --workspace --no-deps --all-features").env("RUSTDOCFLAGS", "-D warnings")],
    ),
    command("words", "words that CONTRIBUTING.md rules out", &[Step::own("words", words::check)]),
    command(
        "package",
        "the files and the metadata of each package",
        &[Step::own("package", release::package)],
    ),
    command(
        "providers",
        "the examples with adapters of real providers, without a key",
        &[Step::new("test --workspace --all-features --test chat --test providers")],
    ),
    command(
        "services",
        "tests that start a PostgreSQL or a LiteLLM proxy",
        &[
            Step::new(
                "test --workspace --exclude burdock-sqlite --all-features --test conformance --test contract --test faults --test figures --test litellm --test round_trip",
            ),
            Step::new(
                "test --workspace --exclude burdock-sqlite --all-features --test crash --test processes postgres",
            ),
        ],
    ),
    command(
        "conformance",
        "the results of the conformance suite for each log, side by side",
        &[Step::new("run -q -p burdock-subjects").needs("tests/subjects")],
    ),
    command(
        "faults",
        "single faults in programs, and how many of them the compiler refuses with clear errors",
        &[Step::new("run -p burdock-faults").needs("tests/faults")],
    ),
    command(
        "fuzz",
        "the macros and the JSON parser with mutated input, for half a minute; FUZZ_SECONDS=600 for ten minutes",
        &[
            Step::new("test --workspace --lib fuzz").env("FUZZ_SECONDS", "15"),
            Step::new("test --workspace --test fuzz").env("FUZZ_SECONDS", "10"),
        ],
    ),
    command(
        "shuttle",
        "interleavings of items, stops and drops",
        &[Step::new("test -p burdock-shuttle")
            .env("RUSTFLAGS", "--cfg shuttle")
            .target("shuttle")
            .needs("tests/shuttle")],
    ),
    command(
        "client",
        "the TypeScript client, which needs Node, Chromium and Python",
        &[
            Step::npm(CLIENT, "ci --no-audit --no-fund"),
            Step::npm(CLIENT, "test"),
            Step::npm(CLIENT, "run test:browser"),
            Step::npm(CLIENT, "run test:interop"),
            Step::npm(CLIENT, "run test:chatbot"),
        ],
    ),
    command(
        "page",
        "the chat page alone, and in Chromium on a fake server and on the chatbot",
        &[
            Step::npm(BROWSER, "ci --no-audit --no-fund"),
            Step::npm(BROWSER, "run unit"),
            Step::npm(BROWSER, "run page"),
            Step::npm(BROWSER, "run chatbot"),
        ],
    ),
    command(
        "openapi",
        "the OpenAPI document against a server, by schemathesis, which needs Python",
        &[Step::new("run -q -p burdock-openapi").needs("tests/openapi")],
    ),
    command(
        "editor",
        "what rust-analyzer shows and offers in the examples and in half-typed programs",
        &[Step::new("run -q -p burdock-editor").needs("tests/editor")],
    ),
    Command {
        name: "ci",
        about: "all of the above in this order, except `conformance`, whose cases are tests",
        parts: &[
            "test",
            "lint",
            "doc",
            "words",
            "package",
            "providers",
            "services",
            "faults",
            "fuzz",
            "shuttle",
            "client",
            "page",
            "openapi",
            "editor",
        ],
        steps: &[],
    },
    command(
        "bench",
        "the cost of steps, items, lists, logs, serving and typed answers",
        &[
            Step::new("run --release -p bench-runtime").needs("benches/runtime"),
            Step::new("run --release -p bench-log").needs("benches/log"),
            Step::new("run --release -p bench-serve").needs("benches/serve"),
            Step::new("run --release -p bench-vector").needs("benches/vector"),
            Step::new("run --release -p bench-llm").needs("benches/llm"),
        ],
    ),
    command(
        "release --dry-run",
        "the same as `package`, and builds each package from its own files",
        &[Step::own("release --dry-run", release::rehearse)],
    ),
    command(
        "release",
        "publishes every package, and tags the version",
        &[Step::own("release", release::publish)],
    ),
    command(
        "bench-compile",
        "the cost of a graph in `cargo check`",
        &[Step::new("run --release -p bench-compile").needs("benches/compile")],
    ),
];

const CLIENT: &str = "clients/typescript";
const BROWSER: &str = "tests/browser";

const fn command(name: &'static str, about: &'static str, steps: &'static [Step]) -> Command {
    Command { name, about, parts: &[], steps }
}

impl Step {
    const fn new(arguments: &'static str) -> Self {
        Self { program: Program::Cargo, arguments, env: None, target: None, needs: None }
    }

    const fn npm(folder: &'static str, arguments: &'static str) -> Self {
        Self { program: Program::Npm(folder), ..Self::new(arguments) }
    }

    const fn own(name: &'static str, function: fn(&Path) -> Result<(), String>) -> Self {
        Self { program: Program::Own(function), ..Self::new(name) }
    }

    const fn env(self, name: &'static str, value: &'static str) -> Self {
        Self { env: Some((name, value)), ..self }
    }

    const fn target(self, folder: &'static str) -> Self {
        Self { target: Some(folder), ..self }
    }

    const fn needs(self, folder: &'static str) -> Self {
        Self { needs: Some(folder), ..self }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, value)) = self.env {
            write!(f, "{name}='{value}' ")?;
        }
        match self.program {
            Program::Cargo => write!(f, "cargo {}", self.arguments),
            Program::Npm(folder) => write!(f, "npm --prefix {folder} {}", self.arguments),
            Program::Own(_) => write!(f, "cargo xtask {}", self.arguments),
        }
    }
}
