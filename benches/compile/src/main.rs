//! Benchmark of the time that graphs and actions add to `cargo check`.
//!
//! Writes small crates into `target/bench-compile`, checks them repeatedly in turn, each time after
//! touching only their own source, and prints medians of wall-clock time.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

const REPETITIONS: usize = 5;

/// A crate to check: the number of actions, and of nodes in its graph (0 for no graph).
struct Program {
    name: &'static str,
    actions: usize,
    nodes: usize,
}

const PROGRAMS: [Program; 6] = [
    Program { name: "10 actions, no graph", actions: 10, nodes: 0 },
    Program { name: "10 actions, 10 nodes", actions: 10, nodes: 10 },
    Program { name: "10 actions, 100 nodes", actions: 10, nodes: 100 },
    Program { name: "10 actions, 400 nodes", actions: 10, nodes: 400 },
    Program { name: "100 actions, no graph", actions: 100, nodes: 0 },
    Program { name: "100 actions, 100 nodes", actions: 100, nodes: 100 },
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let place = root.join("target/bench-compile");
    let crates: Vec<PathBuf> = PROGRAMS
        .iter()
        .enumerate()
        .map(|(index, program)| write_crate(&root, &place, index, program))
        .collect();
    for path in &crates {
        check(&place, path);
    }
    let mut times = vec![Vec::new(); PROGRAMS.len()];
    for _ in 0..REPETITIONS {
        for (path, times) in crates.iter().zip(&mut times) {
            times.push(check(&place, path));
        }
    }
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    println!("{:<24} {:>8} {:>16}", "cargo check", "s", "added by graph");
    for (index, program) in PROGRAMS.iter().enumerate() {
        let without =
            PROGRAMS.iter().position(|other| other.nodes == 0 && other.actions == program.actions);
        let added = medians[index].as_secs_f64() - medians[without.unwrap()].as_secs_f64();
        let added = if program.nodes == 0 { String::new() } else { format!("{added:.2}") };
        println!("{:<24} {:>8.2} {added:>16}", program.name, medians[index].as_secs_f64());
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Touches and checks a crate; returns the time.
fn check(place: &Path, path: &Path) -> Duration {
    let source = path.join("src/lib.rs");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, format!("{text}\n")).unwrap();
    let start = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline"])
        .current_dir(path)
        .env("CARGO_TARGET_DIR", place.join("target"))
        // a non-incremental check, as in CI: with incremental compilation the newline alone would cost nothing
        .env("CARGO_INCREMENTAL", "0")
        .status()
        .unwrap();
    assert!(status.success(), "the program in {} does not compile", path.display());
    start.elapsed()
}

fn write_crate(root: &Path, place: &Path, index: usize, program: &Program) -> PathBuf {
    let path = place.join(format!("program{index}"));
    fs::create_dir_all(path.join("src")).unwrap();
    let core = root.join("core").display().to_string();
    let manifest = format!(
        "[package]\nname = \"program{index}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nburdock = {{ path = {core:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
    );
    fs::write(path.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), path.join("Cargo.lock")).unwrap();
    fs::write(path.join("src/lib.rs"), source(program)).unwrap();
    path
}

/// Returns the source of a crate: twenty fields, actions that read one and write another, and a graph in which
/// every third node branches back or ahead, so that data flow has paths to join.
fn source(program: &Program) -> String {
    const FIELDS: usize = 20;
    let mut text =
        String::from("use burdock::prelude::*;\nuse serde::{Deserialize, Serialize};\n\n");
    text.push_str("#[derive(State, Clone, Default, Serialize, Deserialize)]\npub struct Data {\n");
    for field in 0..FIELDS {
        let ty = if field % 2 == 0 { "u64" } else { "Slot<u64>" };
        writeln!(text, "    pub f{field}: {ty},").unwrap();
    }
    text.push_str("}\n");
    for action in 0..program.actions {
        let read = action * 2 % FIELDS;
        let write = (action * 2 + 1) % FIELDS;
        writeln!(
            text,
            "\n#[action(state = Data, reads(f{read}), writes(f{write}))]\n\
             pub async fn a{action}(data: Reads<'_>) -> Result<Writes> {{\n    \
             Ok(Writes {{ f{write}: *data.f{read} }})\n}}"
        )
        .unwrap();
    }
    if program.nodes == 0 {
        return text;
    }
    text.push_str("\ngraph! {\n    pub Work(Data) {\n        nodes {\n");
    for node in 0..program.nodes {
        writeln!(text, "            n{node}: a{},", node % program.actions).unwrap();
    }
    text.push_str("        }\n        start n0;\n");
    for node in 0..program.nodes {
        let next = node + 1;
        if next == program.nodes {
            writeln!(text, "        n{node} -> end;").unwrap();
        } else if node % 3 == 0 {
            let back = node / 2;
            writeln!(
                text,
                "        n{node} -> if state.f{} > 7 {{ n{back} }} else {{ n{next} }};",
                node * 2 % FIELDS
            )
            .unwrap();
        } else {
            writeln!(text, "        n{node} -> n{next};").unwrap();
        }
    }
    text.push_str("    }\n}\n");
    text
}
