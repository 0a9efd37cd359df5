//! Parser states.

use crate::{
    names::KeyId,
    schema::{NodeId, ShapeId},
};
use std::collections::HashSet;

/// State of the lexer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lex {
    /// Between two tokens.
    Between,
    /// A string.
    Text,
    /// A number, a literal, or a word without quotes, as a value or a key.
    Bare { key: bool },
    /// After a `/`.
    Slash,
    /// A comment to the end of the line.
    Line,
    /// A comment that ends with `*/`; `star` is set if the last character was `*`.
    Block { star: bool },
}

/// The token that the grammar expects next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The value, possibly preceded by other text.
    Start,
    FirstKey,
    /// A key after a comma.
    Key,
    Colon,
    /// The value of a property.
    Value,
    FirstElement,
    /// An element after a comma.
    Element,
    /// A comma or the end of the list or object.
    Comma,
    /// Nothing: the value is complete.
    Finished,
}

/// Token classes, by the first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Object,
    List,
    Text,
    Number,
    Word,
}

impl Class {
    pub(super) fn of(char: char) -> Option<Self> {
        match char {
            '{' => Some(Self::Object),
            '[' => Some(Self::List),
            '0'..='9' | '+' | '-' | '.' => Some(Self::Number),
            '_' | '$' => Some(Self::Word),
            _ if Quote::of(char).is_some() => Some(Self::Text),
            _ => char.is_alphabetic().then_some(Self::Word),
        }
    }

    /// Returns the name of the class for messages.
    pub(super) fn found(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::List => "a list",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Word => "a word",
        }
    }
}

/// String delimiters, by the opening one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    Double,
    Single,
    /// `“ ”`, `„ “`, `” ”`.
    CurlyDouble,
    /// `‘ ’`, `’ ’`.
    CurlySingle,
}

impl Quote {
    pub(super) fn of(char: char) -> Option<Self> {
        match char {
            '"' => Some(Self::Double),
            '\'' => Some(Self::Single),
            '“' | '„' | '”' => Some(Self::CurlyDouble),
            '‘' | '’' => Some(Self::CurlySingle),
            _ => None,
        }
    }

    pub(super) fn is_closed_by(self, char: char) -> bool {
        match self {
            Self::Double => char == '"',
            Self::Single => char == '\'',
            Self::CurlyDouble => matches!(char, '”' | '“'),
            Self::CurlySingle => char == '’',
        }
    }

    /// Returns whether the closing delimiter is also an apostrophe.
    pub(super) fn is_ambiguous(self) -> bool {
        matches!(self, Self::Single | Self::CurlySingle)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    List,
    /// A list without brackets, around a single value.
    Single,
}

/// An open object or list.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Alternatives that still fit.
    pub(super) shapes: Vec<ShapeId>,
    /// Node of the value that is being read, for each of `shapes`; `None` if that alternative ignores
    /// it.
    pub(super) children: Vec<Option<NodeId>>,
    /// Length of the path of the object or list.
    pub(super) path: usize,
    /// Number of complete elements, or of properties written.
    pub(super) count: usize,
    pub(super) seen: Seen,
    pub(super) member: Member,
}

impl Frame {
    pub(super) fn new() -> Self {
        Self {
            kind: Kind::Object,
            shapes: Vec::new(),
            children: Vec::new(),
            path: 0,
            count: 0,
            seen: Seen::default(),
            member: Member::default(),
        }
    }

    pub(super) fn reset(&mut self, kind: Kind, path: usize) {
        self.kind = kind;
        self.shapes.clear();
        self.children.clear();
        self.path = path;
        self.count = 0;
        self.seen.clear();
        self.member = Member::default();
    }
}

/// The property or element that is being read.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Member {
    pub(super) key: Option<KeyId>,
    /// Whether a part of it was emitted.
    pub(super) is_shown: bool,
    pub(super) done: bool,
    pub(super) state: bool,
    /// Position of the JSON of a value that is emitted when it is complete.
    pub(super) whole_from: Option<usize>,
    /// Whether the value is discarded.
    pub(super) is_discarded: bool,
}

/// Keys of an object so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: Vec<u64>,
    /// Keys that the schema does not name.
    others: HashSet<Box<str>>,
}

impl Seen {
    /// Clears the keys. Clearing a set takes time proportional to its capacity, so the set of an object
    /// with many keys is not kept for the small objects that follow.
    fn clear(&mut self) {
        const KEPT: usize = 64;
        self.known.clear();
        if self.others.capacity() > KEPT {
            self.others = HashSet::new();
        } else if !self.others.is_empty() {
            self.others.clear();
        }
    }

    pub(super) fn contains(&self, key: KeyId) -> bool {
        let (word, bit) = Self::place(key);
        self.known.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(super) fn insert(&mut self, key: KeyId) {
        let (word, bit) = Self::place(key);
        if self.known.len() <= word {
            self.known.resize(word + 1, 0);
        }
        self.known[word] |= bit;
    }

    pub(super) fn remove(&mut self, key: KeyId) {
        let (word, bit) = Self::place(key);
        if let Some(bits) = self.known.get_mut(word) {
            *bits &= !bit;
        }
    }

    /// Returns whether the key is new.
    pub(super) fn insert_other(&mut self, key: &str) -> bool {
        !self.others.contains(key) && self.others.insert(key.into())
    }

    fn place(key: KeyId) -> (usize, u64) {
        (key.index() / 64, 1 << (key.index() % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_with_many_keys_does_not_slow_down_the_next_one() {
        let mut seen = Seen::default();
        assert!((0..10_000).all(|key| seen.insert_other(&key.to_string())));
        seen.clear();
        assert!(seen.others.capacity() <= 64, "{}", seen.others.capacity());
        assert!(seen.insert_other("1"));
        seen.clear();
        assert!(seen.insert_other("1"));
    }
}
