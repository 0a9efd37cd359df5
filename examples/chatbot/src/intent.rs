//! What a prompt is after, guessed from its words.

/// Words after which the chat refuses.
const UNSAFE: &str = "unsafe bomb bombs explosive explosives malware phishing ransomware";

/// Words that ask for something to be made.
const MAKE: &str = "build create fix generate implement make need port refactor write";

/// Things that are made of code.
const THINGS: &str = "\
    algorithm class code fizzbuzz function macro parser program quicksort regex script struct test";

/// Whether a prompt may be answered.
pub fn is_safe(prompt: &str) -> bool {
    !words(prompt).any(|word| is_one_of(&word, UNSAFE))
}

/// Whether a prompt asks for a program.
pub fn wants_code(prompt: &str) -> bool {
    // "write a poem about code" asks for a poem
    let words: Vec<String> = words(prompt).take_while(|word| word != "about").collect();
    let has = |list| words.iter().any(|word| is_one_of(word, list));
    has(MAKE) && has(THINGS)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let text = text.to_lowercase();
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

fn is_one_of(word: &str, list: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

#[cfg(test)]
mod tests {
    use super::{is_safe, wants_code};

    #[test]
    fn prompts_that_ask_for_a_program_are_told_from_questions() {
        let table = [
            ("write code for fizzbuzz", true),
            ("Write a function that reverses a string.", true),
            ("please IMPLEMENT quicksort in Rust", true),
            ("what is a function?", false),
            ("write a limerick", false),
            ("write a poem about code", false),
            ("", false),
        ];
        for (prompt, expected) in table {
            assert_eq!(wants_code(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn only_whole_words_are_unsafe() {
        assert!(!is_safe("How do I build a BOMB?"));
        assert!(is_safe("the bombardier beetle"));
    }
}
