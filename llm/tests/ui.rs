//! What compiles and what does not.
//!
//! A folder of `ui` has the rules of one macro, one file per rule with one fault; the token that rustc has
//! to label stands in a comment at the end of its line, `//~ token`, or, if it fills its line, in the line
//! below, `//~^ token`. Its folder `pass` has what compiles. What rustc says is compared to the letter, so
//! it belongs to the toolchain of `rust-toolchain.toml`: after an update, run with `TRYBUILD=overwrite` and
//! read what changed.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files that are not one error, and why.
const EXCEPTIONS: [(&str, usize, &str); 1] =
    [("several_at_once", 4, "several faults come out together")];

#[test]
fn what_is_wrong_does_not_compile_and_what_is_right_does() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
    cases.pass("tests/ui/*/pass/*.rs");
}

#[test]
fn every_fault_has_its_message() {
    let lacking: Vec<_> = faults().into_iter().filter(|fault| fault.stderr.is_none()).collect();
    assert!(lacking.is_empty(), "no `.stderr` beside {:?}", names(&lacking));
    let orphans: Vec<_> =
        files("stderr").into_iter().filter(|path| !path.with_extension("rs").exists()).collect();
    assert!(orphans.is_empty(), "no `.rs` beside {orphans:?}");
}

#[test]
fn one_mistake_gives_one_error_and_no_warning() {
    for fault in faults() {
        let stderr = fault.stderr.as_deref().unwrap_or_default();
        let count = |word: &str| stderr.lines().filter(|line| line.starts_with(word)).count();
        let expected = EXCEPTIONS
            .iter()
            .find(|(name, ..)| *name == fault.name)
            .map_or(1, |(_, errors, _)| *errors);
        let found = (count("error"), count("warning"));
        assert_eq!(found, (expected, 0), "(errors, warnings) of {}:\n{stderr}", fault.name);
    }
}

#[test]
fn the_label_is_on_the_token() {
    let mut wrong = Vec::new();
    for fault in faults() {
        let expected = fault.marked();
        if fault.name == "several_at_once" {
            assert!(expected.is_empty(), "several faults have no one token");
            continue;
        }
        let found = fault.labelled();
        if expected.len() != 1 || found.as_ref() != expected.first() {
            wrong.push(format!("{}: {found:?} is labelled, not {expected:?}", fault.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn our_messages_are_in_one_style() {
    for fault in faults() {
        for message in fault.stderr.iter().flat_map(|stderr| stderr.lines()) {
            // rustc's own errors have codes
            let Some(ours) = message.strip_prefix("error: ") else { continue };
            let first = ours.chars().next().expect("a message has a text");
            let name = &fault.name;
            assert!(!first.is_uppercase(), "{name}: `{ours}` begins in upper case");
            assert!(!ours.ends_with('.'), "{name}: `{ours}` ends in a full stop");
        }
    }
}

/// A file with a fault, and what rustc says about it.
struct Fault {
    name: String,
    source: String,
    stderr: Option<String>,
}

/// A line, counted from 1, and some text in it.
type Place = (usize, String);

impl Fault {
    /// The tokens that the file marks. A token that fills its line, such as a doc comment, is marked by
    /// `//~^` in the line below.
    fn marked(&self) -> Vec<Place> {
        let marks = self.source.lines().enumerate().filter_map(|(index, line)| {
            if let Some((_, token)) = line.split_once("//~^ ") {
                return Some((index, token.trim().to_owned()));
            }
            let (_, token) = line.split_once("//~ ")?;
            Some((index + 1, token.trim().to_owned()))
        });
        marks.collect()
    }

    /// What lies under the carets of the first error.
    fn labelled(&self) -> Option<Place> {
        let mut lines = self.stderr.as_deref()?.lines();
        let place = lines.find_map(|line| line.trim_start().strip_prefix("--> "))?;
        let mut numbers = place.rsplit(':').map(str::parse::<usize>);
        let (column, line) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let underlined = lines.find(|line| line.contains('^'))?;
        let width = underlined.split_once('^')?.1.chars().take_while(|sign| *sign == '^').count();
        let text = self.source.lines().nth(line - 1)?;
        Some((line, text.chars().skip(column - 1).take(width + 1).collect()))
    }
}

fn faults() -> Vec<Fault> {
    let faults = files("rs").into_iter().map(|path| Fault {
        name: path.file_stem().expect("a file has a name").to_string_lossy().into_owned(),
        source: fs::read_to_string(&path).expect("the file can be read"),
        stderr: fs::read_to_string(path.with_extension("stderr")).ok(),
    });
    faults.collect()
}

fn names(faults: &[Fault]) -> Vec<&str> {
    faults.iter().map(|fault| fault.name.as_str()).collect()
}

/// The folders of faults.
fn folders() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    entries(&folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn files(extension: &str) -> Vec<PathBuf> {
    let files = folders().into_iter().flat_map(|folder| entries(&folder));
    files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry can be read").path())
        .collect();
    entries.sort();
    entries
}
