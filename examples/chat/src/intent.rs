//! Classification of prompts by their words.

/// Words that make the chat refuse a prompt.
const UNSAFE: &str = "unsafe bomb bombs explosive explosives malware phishing ransomware";

/// Words that ask for something to be made.
const MAKE: &str =
    "build create fix generate give implement make need port refactor show want write";

/// Things that consist of code.
const THINGS: &str = "\
    algorithm class code fizzbuzz function macro method parser program quicksort regex \
    script snippet struct test tests trait";

/// Words that ask for code if they are the first word.
const CODE_FIRST: &str = "code implement program";

/// Words that ask for an explanation if they are the first word.
const EXPLAIN: &str = "\
    are can compare define describe do does explain how is tell what when where \
    which who why";

/// Programming languages.
const LANGUAGES: &str = "\
    bash c c++ go haskell java javascript kotlin python ruby rust sql swift \
    typescript";

/// Returns `true` if a prompt may be answered.
pub fn is_safe(prompt: &str) -> bool {
    !words(prompt).iter().any(|word| is_one_of(word, UNSAFE))
}

/// Returns `true` if a prompt asks for a program.
pub fn wants_code(prompt: &str) -> bool {
    // "write a poem about code" asks for a poem
    let words: Vec<String> = words(prompt).into_iter().take_while(|word| word != "about").collect();
    let has = |list| words.iter().any(|word| is_one_of(word, list));
    let starts = |list| words.first().is_some_and(|word| is_one_of(word, list));
    let names_language = words
        .windows(2)
        .any(|pair| matches!(pair, [before, word] if before == "in" && is_one_of(word, LANGUAGES)));
    starts(CODE_FIRST)
        || has(MAKE) && (has(THINGS) || names_language)
        || names_language && !starts(EXPLAIN)
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '+')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_one_of(word: &str, list: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

#[cfg(test)]
mod tests {
    use super::{is_safe, wants_code};

    #[test]
    fn prompts_that_ask_for_a_program_are_distinguished_from_questions() {
        let table = [
            ("write code for fizzbuzz", true),
            ("Write a function that reverses a string.", true),
            ("please IMPLEMENT quicksort in Rust", true),
            ("implement a stack", true),
            ("write quicksort", true),
            ("code: a sieve of primes", true),
            ("can you write me a script to rename files?", true),
            ("how do I write a parser?", true),
            ("I need a regex for dates", true),
            ("fizzbuzz in python, please", true),
            ("write hello world in C++", true),
            ("what is a monad?", false),
            ("what is a function?", false),
            ("what is ownership in Rust?", false),
            ("explain this program", false),
            ("write a limerick", false),
            ("write a poem about code", false),
            ("why does code rot?", false),
            ("hello", false),
            ("", false),
        ];
        for (prompt, expected) in table {
            assert_eq!(wants_code(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn only_whole_words_are_unsafe() {
        assert!(!is_safe("something unsafe"));
        assert!(!is_safe("How do I build a BOMB?"));
        assert!(is_safe("the bombardier beetle"));
        assert!(is_safe("what is a monad?"));
    }
}
