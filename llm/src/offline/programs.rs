//! Complete programs for known requests, and outlines for all others.

use super::{
    Talk,
    words::{Words, excerpt},
};

/// A program, and the phrases that request it.
struct Program {
    cues: &'static [&'static str],
    code: &'static str,
}

const fn program(cues: &'static [&'static str], code: &'static str) -> Program {
    Program { cues, code }
}

const PROGRAMS: &[Program] = &[
    program(
        &["fizzbuzz", "fizz buzz", "fizz"],
        r#"fn main() {
    for n in 1..=100 {
        match (n % 3, n % 5) {
            (0, 0) => println!("FizzBuzz"),
            (0, _) => println!("Fizz"),
            (_, 0) => println!("Buzz"),
            _ => println!("{n}"),
        }
    }
}"#,
    ),
    program(
        &["hello world", "hello"],
        r#"fn main() {
    println!("Hello, world!");
}"#,
    ),
    program(
        &["fibonacci", "fib"],
        r"/// The Fibonacci numbers, as far as a `u64` reaches.
fn fibonacci() -> impl Iterator<Item = u64> {
    let next = |&(a, b): &(u64, u64)| Some((b, a.checked_add(b)?));
    std::iter::successors(Some((0, 1)), next).map(|(a, _)| a)
}",
    ),
    program(
        &["factorial"],
        r"/// `n!`, or `None` when it does not fit.
fn factorial(n: u64) -> Option<u64> {
    (1..=n).try_fold(1u64, |product, factor| product.checked_mul(factor))
}",
    ),
    program(
        &["reverse string", "reverse a string", "reverse", "reversed"],
        r"/// Reverses a string by characters.
fn reverse(text: &str) -> String {
    text.chars().rev().collect()
}",
    ),
    program(
        &["palindrome"],
        r"/// Whether a text reads the same both ways, whatever its case and punctuation.
fn is_palindrome(text: &str) -> bool {
    let letters = || text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters().eq(letters().collect::<Vec<_>>().into_iter().rev())
}",
    ),
    program(
        &["prime", "prime number", "sieve"],
        r"/// The primes up to and including `limit`, by the sieve of Eratosthenes.
fn primes(limit: usize) -> Vec<usize> {
    let mut is_prime = vec![true; limit + 1];
    let mut primes = Vec::new();
    for n in 2..=limit {
        if is_prime[n] {
            primes.push(n);
            for multiple in (n * n..=limit).step_by(n) {
                is_prime[multiple] = false;
            }
        }
    }
    primes
}",
    ),
    program(
        &["sort", "sorting", "quicksort", "merge sort", "bubble sort"],
        r"/// Sorts in place by insertion; for real work there is `slice::sort_unstable`.
fn sort<T: Ord>(items: &mut [T]) {
    for end in 1..items.len() {
        let mut here = end;
        while here > 0 && items[here - 1] > items[here] {
            items.swap(here - 1, here);
            here -= 1;
        }
    }
}",
    ),
    program(
        &["binary search", "bisect"],
        r"/// The index of `wanted` in a sorted slice.
fn binary_search<T: Ord>(items: &[T], wanted: &T) -> Option<usize> {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match items[middle].cmp(wanted) {
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}",
    ),
    program(
        &["gcd", "greatest common divisor", "euclid"],
        r"/// The greatest common divisor, as Euclid did it.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}",
    ),
    program(
        &["word count", "count word", "word frequency", "frequencies"],
        r"use std::collections::BTreeMap;

/// How often each word occurs.
fn count_words(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    counts
}",
    ),
    program(
        &["state machine", "traffic light"],
        r"#[derive(Clone, Copy, Debug, PartialEq)]
enum Light {
    Red,
    Green,
    Amber,
}

impl Light {
    /// Returns the next light; the compiler checks that none is forgotten.
    fn next(self) -> Self {
        match self {
            Light::Red => Light::Green,
            Light::Green => Light::Amber,
            Light::Amber => Light::Red,
        }
    }
}",
    ),
];

/// Phrases that request code when the preamble does not.
const ASKS_FOR_CODE: &[&str] = &[
    "write code",
    "write some code",
    "write a function",
    "write a program",
    "write rust",
    "write a rust",
    "implement",
    "code for",
];

/// Words without information about the purpose of a program.
const FILLERS: &[&str] = &[
    "a",
    "an",
    "the",
    "me",
    "my",
    "i",
    "you",
    "please",
    "can",
    "could",
    "would",
    "write",
    "give",
    "show",
    "make",
    "create",
    "implement",
    "need",
    "want",
    "code",
    "function",
    "program",
    "script",
    "rust",
    "in",
    "for",
    "to",
    "of",
    "that",
    "which",
    "with",
    "and",
    "some",
    "is",
    "it",
    "do",
    "does",
    "how",
    "what",
    "from",
    "using",
    "by",
];

/// Parameter types by the subject of a function, and return types by its kind.
const PARAMETERS: &[(&str, &str)] = &[
    ("file", "path: &std::path::Path"),
    ("string", "text: &str"),
    ("text", "text: &str"),
    ("word", "text: &str"),
    ("parse", "text: &str"),
    ("list", "items: &[i64]"),
    ("array", "items: &[i64]"),
    ("vector", "items: &[i64]"),
    ("number", "number: i64"),
];
const RESULTS: &[(&str, &str)] = &[
    ("count", " -> usize"),
    ("length", " -> usize"),
    ("check", " -> bool"),
    ("whether", " -> bool"),
    ("sum", " -> i64"),
    ("average", " -> f64"),
];

/// Writes a program if code is requested: a known one, or an outline.
pub(super) fn write_program(talk: &Talk<'_>) -> Option<String> {
    let only_code = talk.preamble.has("code");
    if !only_code && !talk.words.has_any(ASKS_FOR_CODE) {
        return None;
    }
    let (code, remark) = match talk.words.best(PROGRAMS, |program| program.cues) {
        Some(program) => (program.code.to_owned(), "This one I know by heart:\n\n"),
        None => (outline(talk), "Offline I have only an outline for that:\n\n"),
    };
    let remark = if only_code { "" } else { remark };
    Some(format!("{remark}```rust\n{code}\n```"))
}

/// Returns a function with a descriptive name and an unimplemented body.
fn outline(talk: &Talk<'_>) -> String {
    let wish = excerpt(talk.prompt);
    let name = function_name(&talk.words);
    let parameter = lookup(PARAMETERS, &talk.words);
    let result = lookup(RESULTS, &talk.words);
    format!(
        "/// {wish}\n///\n/// An outline only: this was written offline, by rules that do not know this program.\n\
         fn {name}({parameter}){result} {{\n    todo!({wish:?})\n}}"
    )
}

fn function_name(words: &Words) -> String {
    let plain =
        |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric()) && !FILLERS.contains(word);
    let name: Vec<&str> = words.iter().filter(plain).take(4).collect();
    match *name.as_slice() {
        [] => "as_you_wish".to_owned(),
        // a single word could be a keyword
        [word] => format!("do_{word}"),
        [first, ..] if first.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("do_{}", name.join("_"))
        }
        _ => name.join("_"),
    }
}

fn lookup(table: &'static [(&str, &str)], words: &Words) -> &'static str {
    let row = table.iter().find(|(cue, _)| words.has(cue));
    row.map_or("", |(_, code)| code)
}
