//! The progress of the questions, from the items of a run.

use crate::{question::Step, report::Shown};
use std::fmt;

/// The largest number of characters of a question in a line.
const WIDTH: usize = 40;

/// The progress of all questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The questions.
    pub lines: Vec<Line>,
}

/// The progress of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the question, from 1.
    pub number: usize,
    question: String,
    status: Status,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Status {
    Waiting,
    Searching,
    Reading(String),
    Writing { words: usize },
    Answered { words: usize },
}

/// The part of the progress that an item has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Nothing that is shown.
    Nothing,
    /// The number of words of a question.
    Words,
    /// All questions.
    Questions,
    /// The status of the question with this index.
    Status(usize),
}

impl Progress {
    /// Applies an item.
    pub fn apply(&mut self, item: &Shown) -> Changed {
        match item {
            Shown::Proposing(_) => Changed::Nothing,
            Shown::Questions(questions) => {
                let line = |(index, question): (usize, &String)| {
                    let question = question.clone();
                    Line { number: index + 1, question, status: Status::Waiting }
                };
                self.lines = questions.iter().enumerate().map(line).collect();
                Changed::Questions
            }
            Shown::Step(index, step) => self.set(*index, |line| line.step(step)),
            Shown::Answered(index) => self.set(*index, |line| {
                line.status = Status::Answered { words: line.words() };
                true
            }),
        }
    }

    fn set(&mut self, index: usize, change: impl FnOnce(&mut Line) -> bool) -> Changed {
        match self.lines.get_mut(index).map(change) {
            None => Changed::Nothing,
            Some(true) => Changed::Status(index),
            Some(false) => Changed::Words,
        }
    }
}

impl Line {
    /// Applies a step. Returns whether more than the number of words has changed.
    fn step(&mut self, step: &Step) -> bool {
        let words = self.words();
        let before = matches!(self.status, Status::Writing { .. });
        self.status = match step {
            Step::Searching => Status::Searching,
            Step::Reading(file) => Status::Reading(file.clone()),
            Step::Writing(change) => {
                Status::Writing { words: words + change.text().split_whitespace().count() }
            }
        };
        !(before && matches!(self.status, Status::Writing { .. }))
    }

    fn words(&self) -> usize {
        match self.status {
            Status::Writing { words } | Status::Answered { words } => words,
            Status::Waiting | Status::Searching | Status::Reading(_) => 0,
        }
    }

    /// Returns whether the question is answered.
    pub fn is_answered(&self) -> bool {
        matches!(self.status, Status::Answered { .. })
    }
}

/// `✓ 1 What is a monad?    answered in 30 words`
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.status {
            Status::Waiting => ' ',
            Status::Answered { .. } => '✓',
            Status::Searching | Status::Reading(_) | Status::Writing { .. } => '·',
        };
        let question = match self.question.char_indices().nth(WIDTH) {
            Some((end, _)) => format!("{}…", &self.question[..end]),
            None => self.question.clone(),
        };
        write!(f, "{mark} {} {question:<w$}  ", self.number, w = WIDTH + 1)?;
        match &self.status {
            Status::Waiting => write!(f, "waiting"),
            Status::Searching => write!(f, "searching"),
            Status::Reading(file) => write!(f, "reading {file}"),
            Status::Writing { words: 0 | 1 } => write!(f, "writing"),
            Status::Writing { words } => write!(f, "writing, {words} words"),
            Status::Answered { words } => write!(f, "answered in {words} words"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Changed, Progress};
    use crate::{question::Step, report::Shown};

    #[test]
    fn items_change_the_lines_of_their_questions() {
        let mut progress = Progress::default();
        let questions = vec!["What is a monad?".to_owned(), "Why? ".repeat(20)];
        assert_eq!(progress.apply(&Shown::Step(0, Step::Searching)), Changed::Nothing);
        assert_eq!(progress.apply(&Shown::Questions(questions)), Changed::Questions);
        assert_eq!(progress.apply(&Shown::Step(0, Step::Searching)), Changed::Status(0));
        assert_eq!(
            progress.apply(&Shown::Step(1, Step::Reading("a.md".into()))),
            Changed::Status(1)
        );
        assert_eq!(progress.apply(&Shown::Answered(0)), Changed::Status(0));
        assert!(progress.lines[0].is_answered() && !progress.lines[1].is_answered());
        let lines: Vec<_> = progress.lines.iter().map(ToString::to_string).collect();
        assert!(lines[0].starts_with("✓ 1 What is a monad? "), "{lines:?}");
        assert!(lines[1].ends_with("…  reading a.md"), "{lines:?}");
        assert_eq!(lines[0].find("answered"), lines[1].find("reading").map(|at| at - 1), "aligned");
    }
}
