//! The words that this repository does not use, see CONTRIBUTING.md.
//!
//! Every line of every text file is searched, names included: `who_reads` and `whoReads` are the words
//! "who reads".

use regex::Regex;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Words that are not used, and what to write instead.
struct Rule {
    /// A regular expression, for whole words.
    words: &'static str,
    instead: &'static str,
    /// Uses that are plain English, as regular expressions.
    except: &'static [&'static str],
}

const RULES: &[Rule] = &[
    rule(
        "begin|begins|began|begun",
        "start",
        &[
            "(?-i:BEGIN)",
            // methods of sqlx and serde_json
            r"[.]begin",
            "begin object key",
        ],
    ),
    rule("go on|goes on|going on|went on|gone on", "continue, resume", &[]),
    rule("under way", "in progress, running", &[]),
    rule("anew|once more", "again", &[]),
    rule("whoever|somebody|nobody|anybody", "caller, reader, writer, task", &[]),
    rule(
        "who",
        "caller, reader, writer, task",
        &[
            "(anyone|everyone|someone|those|people|person|user|users|reader|readers|writer|caller|callers|engineer|team|teams|contributors|maintainers) who",
        ],
    ),
    rule(
        "tells|told|hands over|handed over|hand over",
        "returns, emits, publishes, sends",
        &["tells [a-z`, ]+ (apart|from)"],
    ),
    rule(
        "says|said",
        "returns, emits, publishes, sends, sets",
        &["says (which|whether|where|why|how|that|so)", "you said"],
    ),
    rule("unless (said|told) otherwise", "defaults to", &[]),
    rule("(is|are|was|were|be|been) away|put away", "removed, gone, expired", &[]),
    rule("(leave|leaves|left|leaving) out|(let|lets|letting) go", "discard, ignore, omit", &[]),
    rule("so many|so long", "a longer sentence", &[]),
    rule(
        "(is|are|was|were) no",
        "is not a, invalid",
        &[
            "there (is|are|was|were) no",
            "(is|are|was|were) no (longer|more|less|fewer|better|worse|larger|smaller)",
        ],
    ),
    rule("(come|comes|came|coming) to", "a longer sentence", &["when it comes to"]),
    rule("any more", "longer, no longer", &["any more [a-z]+s"]),
];

/// The head of a documentation comment.
const HEAD: &str = "(What|Who) ";

/// Files with words of others, or where the words themselves are the subject.
const EXCEPT: &[(&str, &str)] = &[
    ("xtask/src/words.rs", "lists the words"),
    ("CONTRIBUTING.md", "lists the words"),
    ("CHANGELOG.md", "lists names before they were renamed"),
    ("LICENSE-", "the text of the licence"),
    ("postgres/migrations/", "their text is hashed"),
    ("sqlite/src/schema.sql", "its text is hashed"),
    ("sqlite/src/graphs.sql", "its text is hashed"),
    ("llm/src/offline/", "the dialogue of the offline responder"),
    ("examples/chat/src/intent.rs", "the words that it recognizes"),
    ("examples/chat/tests/chat.rs", "quotes the dialogue"),
    ("examples/progress/text/", "literature"),
    ("llm/tests/streams/", "recorded answers of providers"),
    ("llm/json/corpus/", "inputs of a parser"),
    ("macros/corpus/", "inputs of the macros"),
];

const TEXTS: &[&str] =
    &["rs", "md", "js", "ts", "css", "html", "toml", "sql", "py", "sh", "txt", "stderr", "yml"];

const fn rule(words: &'static str, instead: &'static str, except: &'static [&'static str]) -> Rule {
    Rule { words, instead, except }
}

/// A use of a word that is not used.
struct Found {
    file: PathBuf,
    line: usize,
    words: String,
    instead: &'static str,
}

/// Returns an error that lists every use.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let search = Search::new().map_err(|error| format!("invalid pattern: {error}"))?;
    let mut found = Vec::new();
    for file in files(root)? {
        let path = root.join(&file);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        search.file(&file, &text, &mut found);
    }
    if found.is_empty() {
        return Ok(());
    }
    let mut list = String::new();
    for Found { file, line, words, instead } in &found {
        let _ = write!(list, "\n  {}:{line}: `{words}`: write {instead}", file.display());
    }
    Err(format!("{} words that CONTRIBUTING.md rules out:{list}", found.len()))
}

/// The text files that git knows.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| format!("`git` does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("`git ls-files` ended with {}", output.status));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let is_text = |name: &&str| {
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| TEXTS.contains(&extension)) || *name == ".ci/run"
    };
    let is_searched = |name: &&str| !EXCEPT.iter().any(|(path, _)| name.starts_with(path));
    let present = |name: &&str| root.join(name).is_file();
    Ok(names
        .split('\0')
        .filter(is_text)
        .filter(is_searched)
        .filter(present)
        .map(Into::into)
        .collect())
}

struct Search {
    rules: Vec<(Regex, Option<Regex>, &'static str)>,
    /// All rules in one, because few lines match any of them.
    any: Regex,
    head: Regex,
}

impl Search {
    fn new() -> Result<Self, regex::Error> {
        let compile = |rule: &Rule| {
            let words = Regex::new(&format!(r"(?i)\b({})\b", rule.words))?;
            let except = match rule.except {
                [] => None,
                except => Some(Regex::new(&format!(r"(?i)\b({})\b", except.join("|")))?),
            };
            Ok((words, except, rule.instead))
        };
        let all: Vec<_> = RULES.iter().map(|rule| rule.words).collect();
        Ok(Self {
            any: Regex::new(&format!(r"(?i)\b({})\b", all.join("|")))?,
            rules: RULES.iter().map(compile).collect::<Result<_, regex::Error>>()?,
            head: Regex::new(&format!(r"^\s*(///|//!|/\*\*) ?{HEAD}"))?,
        })
    }

    fn file(&self, file: &Path, text: &str, found: &mut Vec<Found>) {
        let mut follows_docs = false;
        for (index, line) in text.lines().enumerate() {
            let mut report = |words: &str, instead| {
                let (file, words) = (file.to_owned(), words.to_owned());
                found.push(Found { file, line: index + 1, words, instead });
            };
            let is_docs =
                ["///", "//!", "/**", "*"].iter().any(|mark| line.trim_start().starts_with(mark));
            if !follows_docs && let Some(head) = self.head.find(line) {
                report(head.as_str().trim(), "a noun phrase, or a verb in the third person");
            }
            follows_docs = is_docs;
            let plain = split_names(line);
            if !self.any.is_match(&plain) {
                continue;
            }
            for (words, except, instead) in &self.rules {
                let rest = except
                    .as_ref()
                    .map_or(plain.as_str().into(), |except| except.replace_all(&plain, ""));
                for word in words.find_iter(&rest) {
                    report(word.as_str(), instead);
                }
            }
        }
    }
}

/// Separates the words of names in a line.
fn split_names(line: &str) -> String {
    let mut words = String::with_capacity(line.len() + 8);
    for char in line.chars() {
        if char.is_ascii_uppercase() && words.ends_with(|last: char| last.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(if char == '_' { ' ' } else { char });
    }
    words
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Search::new().unwrap().file(Path::new("a.rs"), text, &mut found);
        found.into_iter().map(|found| format!("{}: {}", found.line, found.words)).collect()
    }

    #[test]
    fn words_are_found_in_texts_and_in_names() {
        for (text, expected) in [
            ("// The run goes on.", &["1: goes on"][..]),
            ("// a\nfn begin_again() {}", &["2: begin"]),
            ("const isUnderWay = true;", &["1: Under Way"]),
            ("/// What a run costs.\n/// What it does.", &["1: /// What"]),
            (
                "//! Who reads.\nfn f() {}\n/// Who writes.",
                &["1: //! Who", "1: Who", "3: /// Who", "3: Who"],
            ),
            ("a cursor that is no cursor", &["1: is no"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_english_is_left_alone() {
        for text in [
            "it is no longer there; there is no run",
            "a reader who waits",
            "the position says which node runs next",
            "from the beginning",
            "BEGIN IMMEDIATE",
            "pool.begin().await",
            "let x = y; // What for?",
        ] {
            assert_eq!(found(text), <[String; 0]>::default(), "{text}");
        }
    }
}
