//! Checks what a release would contain, and publishes it.

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const CLIENT: &str = "clients/typescript";

/// Files that each package contains.
const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Fields that each package sets for crates.io.
const FIELDS: [&str; 5] = ["description", "license", "repository", "keywords", "categories"];

/// Checks the files and the metadata of the packages.
pub(crate) fn package(root: &Path) -> Result<(), String> {
    check(root)?;
    run(root, "cargo", &["publish", "--workspace", "--dry-run", "--no-verify", "--allow-dirty"])
}

/// Checks the packages, and builds each one from the files that it contains.
pub(crate) fn rehearse(root: &Path) -> Result<(), String> {
    check(root)?;
    run(root, "cargo", &["publish", "--workspace", "--dry-run", "--allow-dirty"])?;
    let client = root.join(CLIENT);
    // it is compiled by its own TypeScript
    run(&client, "npm", &["ci", "--no-audit", "--no-fund"])?;
    run(&client, "npm", &["pack", "--dry-run"])
}

/// Publishes the packages: first those that others depend on, then the TypeScript client.
pub(crate) fn publish(root: &Path) -> Result<(), String> {
    let version = check(root)?;
    if !output(root, "git", &["status", "--porcelain"])?.stdout.is_empty() {
        return Err("the working tree has changes that are not committed".into());
    }
    let heading = format!("## [{version}]");
    if !read(root, "CHANGELOG.md")?.lines().any(|line| line.starts_with(&heading)) {
        return Err(format!("CHANGELOG.md has no section `{heading}`"));
    }
    let client = root.join(CLIENT);
    run(&client, "npm", &["ci", "--no-audit", "--no-fund"])?;
    run(root, "cargo", &["publish", "--workspace"])?;
    run(&client, "npm", &["publish", "--access", "public"])?;
    run(root, "git", &["tag", &format!("v{version}")])
}

/// Checks the metadata and the files of every package; returns the version.
fn check(root: &Path) -> Result<String, String> {
    let metadata = json(&output(root, "cargo", &["metadata", "--format-version=1", "--no-deps"])?)?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    // `publish = false` is an empty list of registries
    let published: Vec<_> =
        packages.iter().filter(|package| package["publish"].is_null()).collect();
    let version = text(published.first().map(|package| &package["version"]));
    let mut faults = Vec::new();
    for package in published {
        let name = text(Some(&package["name"]));
        let listed = output(root, "cargo", &["package", "--list", "--allow-dirty", "-p", name])?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let missing = FILES.iter().filter(|file| !listed.lines().any(|line| line == **file));
        faults.extend(missing.map(|file| format!("`{name}` does not contain `{file}`")));
        let unset = FIELDS.iter().filter(|field| is_empty(&package[**field]));
        faults.extend(unset.map(|field| format!("`{name}` does not set `{field}`")));
        if package["version"] != version {
            faults.push(format!("`{name}` has version {}, not {version}", package["version"]));
        }
    }
    let client = root.join(CLIENT);
    let packed =
        json(&output(&client, "npm", &["pack", "--dry-run", "--json", "--ignore-scripts"])?)?;
    let packed = packed.as_array().and_then(|packages| packages.first()).unwrap_or(&packed);
    let files = packed["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let missing = FILES.iter().filter(|name| !files.iter().any(|file| file["path"] == ***name));
    faults.extend(missing.map(|file| format!("the npm package does not contain `{file}`")));
    if packed["version"] != version {
        faults.push(format!("the npm package has version {}, not {version}", packed["version"]));
    }
    if faults.is_empty() { Ok(version.to_owned()) } else { Err(faults.join("; ")) }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn json(output: &Output) -> Result<Value, String> {
    serde_json::from_slice(&output.stdout).map_err(|error| format!("invalid JSON: {error}"))
}

fn read(root: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(root.join(file)).map_err(|error| format!("cannot read `{file}`: {error}"))
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .status()
        .map_err(|error| format!("`{program}` does not start: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{program} {}` ended with {status}", arguments.join(" ")))
}

fn output(folder: &Path, program: &str, arguments: &[&str]) -> Result<Output, String> {
    let output = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .output()
        .map_err(|error| format!("`{program}` does not start: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let reason = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("`{program} {}` ended with {}: {reason}", arguments.join(" "), output.status))
}
