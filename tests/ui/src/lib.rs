//! Checks of compile-fail cases: one mistake causes one error, which labels the wrong token.
//!
//! A folder of cases has one file per rule, with one mistake. A comment names the token that rustc has to label:
//! `//~ token` at the end of its line, or `//~^ token` in the line below if there is no room. The output of rustc
//! is in the `.stderr` beside the file, which trybuild compares.
#![allow(clippy::expect_used, clippy::panic, reason = "checks of tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A case with other than one error: its name, the number of errors, and the reason.
pub type Exception = (&'static str, usize, &'static str);

/// A folder of cases that must not compile.
#[derive(Debug)]
pub struct Cases {
    folder: PathBuf,
    all: Vec<Case>,
    exceptions: &'static [Exception],
}

/// A case, and the output of rustc for it.
#[derive(Debug)]
struct Case {
    name: String,
    source: String,
    stderr: Option<String>,
}

/// A line, counted from 1, and a text in it.
type Place = (usize, String);

impl Cases {
    /// Reads a folder of cases.
    ///
    /// # Panics
    /// Panics if the folder cannot be read.
    pub fn read(folder: impl AsRef<Path>, exceptions: &'static [Exception]) -> Self {
        let folder = folder.as_ref().to_owned();
        let cases = files(&folder, "rs").into_iter().map(|path| Case {
            name: path.file_stem().expect("a file has a name").to_string_lossy().into_owned(),
            source: fs::read_to_string(&path).expect("the file can be read"),
            stderr: fs::read_to_string(path.with_extension("stderr")).ok(),
        });
        Self { all: cases.collect(), folder, exceptions }
    }

    /// Checks all cases.
    ///
    /// # Panics
    /// Panics if a case has no `.stderr` or a `.stderr` has no case, if a case causes a warning or other than one
    /// error, if the label is not on the marked token, or if a message violates the style.
    pub fn check(&self) {
        self.each_case_has_a_stderr();
        self.each_case_is_one_error();
        self.the_label_is_on_the_marked_token();
        self.messages_have_the_same_style();
    }

    fn each_case_has_a_stderr(&self) {
        let lacking: Vec<_> =
            self.all.iter().filter(|case| case.stderr.is_none()).map(|it| &it.name).collect();
        assert!(lacking.is_empty(), "no `.stderr` beside {lacking:?}");
        let orphans: Vec<_> = files(&self.folder, "stderr")
            .into_iter()
            .filter(|path| !path.with_extension("rs").exists())
            .collect();
        assert!(orphans.is_empty(), "no `.rs` beside {orphans:?}");
    }

    fn each_case_is_one_error(&self) {
        for case in &self.all {
            let stderr = case.stderr.as_deref().unwrap_or_default();
            let count = |word: &str| stderr.lines().filter(|line| line.starts_with(word)).count();
            let expected = self.exception(case).unwrap_or(1);
            let found = (count("error"), count("warning"));
            assert_eq!(found, (expected, 0), "(errors, warnings) of {}:\n{stderr}", case.name);
        }
    }

    fn the_label_is_on_the_marked_token(&self) {
        let mut wrong = Vec::new();
        for case in &self.all {
            let expected = case.marked();
            if expected.is_empty() && self.exception(case).is_some() {
                continue;
            }
            let found = case.labelled();
            if expected.len() != 1 || found.as_ref() != expected.first() {
                wrong.push(format!("{}: {found:?} is labelled, not {expected:?}", case.name));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    fn messages_have_the_same_style(&self) {
        for case in &self.all {
            for message in case.stderr.iter().flat_map(|stderr| stderr.lines()) {
                // rustc's own errors have codes; panics in constant evaluation are burdock's
                let ours = message
                    .strip_prefix("error: ")
                    .or_else(|| message.strip_prefix("error[E0080]: evaluation panicked: "));
                let Some(ours) = ours else { continue };
                let first = ours.chars().next().expect("a message has a text");
                let name = &case.name;
                assert!(!first.is_uppercase(), "{name}: `{ours}` starts with an upper-case letter");
                assert!(!ours.ends_with('.'), "{name}: `{ours}` ends in a full stop");
            }
        }
    }

    fn exception(&self, case: &Case) -> Option<usize> {
        let found = self.exceptions.iter().find(|(name, ..)| *name == case.name);
        found.map(|(_, errors, _)| *errors)
    }
}

impl Case {
    /// Returns the tokens that the file marks.
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

    /// Returns the text above the carets of the first error.
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
        .expect("the folder exists")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}
