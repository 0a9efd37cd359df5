//! The text around the value: the search for its start, and the text after it.

use super::{
    Parser, Result,
    fit::Fit,
    frame::{Class, Lex, Next},
};
use crate::{
    report::{Mismatch, RepairKind, quoted},
    schema::{Inner, NodeId, Shape},
};

/// Tags around the reasoning that some models write before their answer.
const REASONING_TAGS: [(&str, &str); 4] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
];

/// The search for the value.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
#[derive(Debug)]
pub(super) struct Start {
    /// Classes that the value can start with, after other text and at the start of the text.
    classes: [bool; 5],
    first_classes: [bool; 5],
    /// The start of the text before the value, for messages.
    skipped: String,
    /// Whether the text before the value is more than whitespace.
    has_text: bool,
    /// Whether the last character belongs to a word.
    in_word: bool,
    /// Position of the current value, and the number of repairs before it.
    at: usize,
    pub(super) repairs: usize,
    /// The mismatch that rejected the first provisional value.
    pub(super) rejected: Option<Box<Mismatch>>,
    is_fenced: bool,
    pub(super) is_wrapped: bool,
    /// Whether text after the value was recorded.
    has_ended: bool,
    /// The closing tag of the reasoning that is being skipped, and the number of its bytes read so far.
    reasoning: Option<(&'static str, usize)>,
    has_reasoning: bool,
}

impl Start {
    pub(super) fn new(schema: &Inner) -> Self {
        const CLASSES: [Class; 5] =
            [Class::Object, Class::List, Class::Text, Class::Number, Class::Word];
        let shapes = || schema.alternatives(NodeId::ROOT).iter().map(|id| schema.shape(*id));
        let fits = |class: Class, fit: fn(&Shape, Class) -> Fit| {
            let is_number = class == Class::Number;
            shapes().any(|shape| match fit(shape, class) {
                Fit::Exact => true,
                Fit::Repaired => !is_number,
                Fit::No => false,
            })
        };
        let single = |class: Class| {
            shapes().any(|shape| match shape {
                Shape::List(list) => schema.element_fits(list, 0, class),
                _ => false,
            })
        };
        let classes = CLASSES.map(|class| {
            fits(class, Fit::of) || (matches!(class, Class::Object | Class::List) && single(class))
        });
        let first_classes = CLASSES.map(|class| fits(class, Fit::of) || single(class));
        Self {
            classes,
            first_classes,
            skipped: String::new(),
            has_text: false,
            in_word: false,
            at: 0,
            repairs: 0,
            rejected: None,
            is_fenced: false,
            is_wrapped: false,
            has_ended: false,
            reasoning: None,
            has_reasoning: false,
        }
    }

    /// Skips a character of the reasoning before the answer, which is not searched for the value.
    /// Returns whether the character belongs to it or to its opening tag.
    fn skip_reasoning(&mut self, char: char) -> bool {
        let Some((end, read)) = self.reasoning else {
            let before = self.skipped.trim_start_matches('\u{feff}');
            let rest = REASONING_TAGS.into_iter().find_map(|(start, end)| {
                let rest = start.strip_prefix(before)?;
                rest.starts_with(char).then_some((rest, end))
            });
            let Some((rest, end)) = rest else { return false };
            self.reasoning = (rest.len() == 1).then_some((end, 0));
            self.skip(char);
            return true;
        };
        self.skip(char);
        let is_next = |read: usize| end[read..].starts_with(char);
        let read = if is_next(read) { read + 1 } else { usize::from(is_next(0)) };
        self.reasoning = (read < end.len()).then_some((end, read));
        if self.reasoning.is_none() {
            // the text after it counts as the start of the answer
            self.has_reasoning = true;
            self.has_text = false;
            self.skipped.clear();
        }
        true
    }

    fn skip(&mut self, char: char) {
        const KEPT: usize = 400;
        if self.has_text || !char.is_whitespace() {
            self.has_text = true;
            if self.skipped.len() < KEPT {
                self.skipped.push(char);
            }
        }
        self.in_word = char.is_alphanumeric() || char == '_';
    }

    /// Returns the kind of text that was skipped before a value.
    fn kind(&self) -> RepairKind {
        let skipped = self.skipped.trim();
        match skipped.strip_prefix("```") {
            Some(language) if !language.contains(char::is_whitespace) => RepairKind::Fence,
            None if skipped == "[" => RepairKind::Wrapped,
            _ => RepairKind::TextBefore,
        }
    }

    /// Describes a text without a value, for messages.
    pub(super) fn found(&self) -> String {
        match self.skipped.trim() {
            "" => "no text".into(),
            text => quoted(text),
        }
    }
}

impl Parser {
    /// Searches for the first character that can start the value.
    pub(super) fn search(&mut self, text: &str, at: usize) -> Result<usize> {
        for (index, char) in text[at..].char_indices() {
            if self.start.skip_reasoning(char) {
                continue;
            }
            let is_first = !self.start.has_text || self.start.skipped.starts_with("```");
            let classes = if is_first { self.start.first_classes } else { self.start.classes };
            let starts = Class::of(char).is_some_and(|class| {
                let is_bracket = matches!(class, Class::Object | Class::List);
                classes[class as usize] && (is_bracket || !self.start.in_word)
            });
            if starts {
                self.reached = self.offset + at + index;
                self.start_candidate(self.offset + at + index);
                return self.start_value(text, at + index, char);
            }
            self.start.skip(char);
        }
        Ok(text.len())
    }

    fn start_candidate(&mut self, offset: usize) {
        self.start.at = offset;
        self.start.repairs = self.repairs.len();
        if self.start.has_text && !is_byte_order_mark(&self.start.skipped) {
            let kind = self.start.kind();
            self.start.is_fenced = self.start.skipped.contains("```");
            self.start.is_wrapped = kind == RepairKind::Wrapped;
            self.repair(kind, 0);
        } else if self.start.has_reasoning {
            self.repair(RepairKind::TextBefore, 0);
        }
    }

    /// Returns to the search if the value is still provisional. Returns the position at which to
    /// continue.
    pub(super) fn reject(&mut self, mismatch: Box<Mismatch>, text: &str) -> Result<usize> {
        if self.growth.is_committed {
            return Err(mismatch);
        }
        let at = self.reached.saturating_sub(self.offset).min(text.len());
        self.start.rejected.get_or_insert(mismatch);
        self.abandon();
        let is_start = self.reached <= self.start.at;
        let Some(char) = text[at..].chars().next() else { return Ok(at) };
        if is_start {
            self.start.skip(char);
            return Ok(at + char.len_utf8());
        }
        Ok(at)
    }

    fn abandon(&mut self) {
        self.repairs.truncate(self.start.repairs);
        // the next value has text before it
        self.start.skip('…');
        self.start.in_word = false;
        self.start.is_wrapped = false;
        self.clear();
        // the end of a string must not be read as the start of another one
        self.lex = if self.lex == Lex::Text { self.skip_text() } else { Lex::Between };
        self.next = Next::Start;
    }

    /// Discards the value so far.
    pub(super) fn clear(&mut self) {
        self.depth = 0;
        self.discarded = None;
        self.json.clear();
        self.growth.reset();
    }

    /// Reads the text after the value.
    pub(super) fn ignore(&mut self, text: &str, at: usize) -> usize {
        if self.start.has_ended {
            return text.len();
        }
        let is_ignored = |char: char| match char {
            '`' => self.start.is_fenced,
            ']' | '}' => self.start.is_wrapped,
            _ => char.is_whitespace(),
        };
        if let Some(index) = text[at..].find(|char| !is_ignored(char)) {
            self.start.has_ended = true;
            self.repair(RepairKind::TextAfter, self.offset + at + index);
        }
        text.len()
    }
}

/// Returns whether the text is only a byte-order mark, which is skipped without a repair.
fn is_byte_order_mark(text: &str) -> bool {
    text.trim() == "\u{feff}"
}
