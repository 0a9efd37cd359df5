//! The one door for commands: `cargo xtask <command>`. CI runs exactly these.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod commands;
mod release;
mod words;

use self::commands::{COMMANDS, Command, Program, Step};
use std::{
    env,
    path::{Path, PathBuf},
    process::{self, ExitCode},
    time::Instant,
};

fn main() -> ExitCode {
    let mut names: Vec<String> = Vec::new();
    for argument in env::args().skip(1) {
        match names.last_mut() {
            // an option is a part of the command's name
            Some(name) if argument.starts_with("--") => name.extend([" ", &argument]),
            _ => names.push(argument),
        }
    }
    let mut chosen = Vec::new();
    for name in &names {
        match COMMANDS.iter().find(|command| command.name == name) {
            Some(command) => chosen.push(command),
            None => return usage(&format!("unknown command `{name}`")),
        }
    }
    if chosen.is_empty() {
        return usage("no command was given");
    }
    for command in chosen {
        if let Err(reason) = run(command) {
            eprintln!("xtask: `{}` failed: {reason}", command.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn usage(what: &str) -> ExitCode {
    eprintln!("xtask: {what}\n\nusage: cargo xtask <command>…\n");
    for command in COMMANDS {
        eprintln!("  {:19} {}", command.name, command.about);
    }
    ExitCode::from(2)
}

fn run(command: &Command) -> Result<(), String> {
    for name in command.parts {
        let part = COMMANDS.iter().find(|command| command.name == *name);
        run(part.ok_or_else(|| format!("unknown command `{name}`"))?)?;
    }
    if command.steps.is_empty() {
        return Ok(());
    }
    let start = Instant::now();
    command.steps.iter().try_for_each(step)?;
    println!("xtask: {} took {:.1} s", command.name, start.elapsed().as_secs_f32());
    Ok(())
}

fn step(step: &Step) -> Result<(), String> {
    let root = root();
    if let Some(folder) = step.needs
        && !root.join(folder).join("Cargo.toml").is_file()
    {
        return Err(format!("there is no package in `{folder}`"));
    }
    let (program, folder) = match step.program {
        Program::Cargo => (env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), root.clone()),
        Program::Npm(folder) => ("npm".into(), root.join(folder)),
        Program::Own(check) => return check(&root),
    };
    let mut command = process::Command::new(&program);
    command.current_dir(folder).args(step.arguments.split(' '));
    if let Some((name, value)) = step.env {
        // appended, so that what the caller asks for counts as well
        let before = env::var(name).unwrap_or_default();
        command.env(name, format!("{before} {value}").trim());
    }
    if let Some(folder) = step.target {
        command.env("CARGO_TARGET_DIR", target(&root).join(folder));
    }
    println!("xtask: {step}");
    let failed = |error| format!("`{}` does not start: {error}", program.display());
    let status = command.status().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(format!("`{step}` ended with {status}")) }
}

/// The root of the workspace, which is the parent of this package.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn target(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
