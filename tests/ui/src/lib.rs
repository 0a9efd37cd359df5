//! Checks of compile-fail cases: one mistake gives one error, on the token that is wrong.
//!
//! A folder of cases has one file per rule with one fault. The token that rustc has to label stands in
//! a comment at the end of its line, `//~ token`, or, if it fills its line, in the line below,
//! `//~^ token`. What rustc says is in the `.stderr` beside it, which
//! trybuild compares to the letter.
#![allow(clippy::expect_used, clippy::panic, reason = "checks of tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A case that is not one error, with the number of its errors and the reason.
pub type Exception = (&'static str, usize, &'static str);

/// A folder of cases that must not compile.
#[derive(Debug)]
pub struct Faults {
    folder: PathBuf,
    all: Vec<Fault>,
    exceptions: &'static [Exception],
}

/// A case, and what rustc says about it.
#[derive(Debug)]
struct Fault {
    name: String,
    source: String,
    stderr: Option<String>,
}

/// A line, counted from 1, and some text in it.
type Place = (usize, String);

impl Faults {
    /// Reads a folder of cases.
    ///
    /// # Panics
    /// Panics if the folder cannot be read.
    pub fn read(folder: impl AsRef<Path>, exceptions: &'static [Exception]) -> Self {
        let folder = folder.as_ref().to_owned();
        let faults = files(&folder, "rs").into_iter().map(|path| Fault {
            name: path.file_stem().expect("a file has a name").to_string_lossy().into_owned(),
            source: fs::read_to_string(&path).expect("the file can be read"),
            stderr: fs::read_to_string(path.with_extension("stderr")).ok(),
        });
        Self { all: faults.collect(), folder, exceptions }
    }

    /// Checks all of it.
    ///
    /// # Panics
    /// Panics if a case has no message or a message no case, if a case is not one error without a
    /// warning, if the label is not on the marked token, and if the style of a message is not ours.
    pub fn check(&self) {
        self.each_case_has_its_message();
        self.each_case_is_one_error();
        self.the_label_is_on_the_token();
        self.messages_are_in_one_style();
    }

    fn each_case_has_its_message(&self) {
        let lacking: Vec<_> =
            self.all.iter().filter(|fault| fault.stderr.is_none()).map(|it| &it.name).collect();
        assert!(lacking.is_empty(), "no `.stderr` beside {lacking:?}");
        let orphans: Vec<_> = files(&self.folder, "stderr")
            .into_iter()
            .filter(|path| !path.with_extension("rs").exists())
            .collect();
        assert!(orphans.is_empty(), "no `.rs` beside {orphans:?}");
    }

    fn each_case_is_one_error(&self) {
        for fault in &self.all {
            let stderr = fault.stderr.as_deref().unwrap_or_default();
            let count = |word: &str| stderr.lines().filter(|line| line.starts_with(word)).count();
            let expected = self.exception(fault).unwrap_or(1);
            let found = (count("error"), count("warning"));
            assert_eq!(found, (expected, 0), "(errors, warnings) of {}:\n{stderr}", fault.name);
        }
    }

    fn the_label_is_on_the_token(&self) {
        let mut wrong = Vec::new();
        for fault in &self.all {
            let expected = fault.marked();
            if expected.is_empty() && self.exception(fault).is_some() {
                continue;
            }
            let found = fault.labelled();
            if expected.len() != 1 || found.as_ref() != expected.first() {
                wrong.push(format!("{}: {found:?} is labelled, not {expected:?}", fault.name));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    fn messages_are_in_one_style(&self) {
        for fault in &self.all {
            for message in fault.stderr.iter().flat_map(|stderr| stderr.lines()) {
                // rustc's own errors have codes; a panic in constant evaluation is ours again
                let ours = message
                    .strip_prefix("error: ")
                    .or_else(|| message.strip_prefix("error[E0080]: evaluation panicked: "));
                let Some(ours) = ours else { continue };
                let first = ours.chars().next().expect("a message has a text");
                let name = &fault.name;
                assert!(!first.is_uppercase(), "{name}: `{ours}` begins in upper case");
                assert!(!ours.ends_with('.'), "{name}: `{ours}` ends in a full stop");
            }
        }
    }

    fn exception(&self, fault: &Fault) -> Option<usize> {
        let found = self.exceptions.iter().find(|(name, ..)| *name == fault.name);
        found.map(|(_, errors, _)| *errors)
    }
}

impl Fault {
    /// The tokens that the file marks.
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

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}
