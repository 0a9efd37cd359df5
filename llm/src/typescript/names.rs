//! Names of declarations and keys of properties in TypeScript.

use std::collections::BTreeSet;

/// Words that cannot name a type, and names that the declarations use themselves.
const RESERVED: &str = "\
    Integer any as async await bigint boolean break case catch class const continue debugger \
    default delete do else enum export extends false finally for function if implements \
    import in instanceof interface let never new null number object package private \
    protected public return static string super switch symbol this throw true try type \
    typeof undefined unknown var void while with yield";

/// The names in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Returns a unique name similar to this one.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let name = identifier(wanted);
        let free = |name: &String| !is_reserved(name) && !self.0.contains(name);
        let mut numbered = (2..).map(|number| format!("{name}{number}"));
        let taken = Some(name.clone()).filter(free).or_else(|| numbered.find(free)).unwrap_or(name);
        self.0.insert(taken.clone());
        taken
    }
}

/// Returns the key of a property in TypeScript syntax.
pub(super) fn key(key: &str) -> String {
    if is_identifier(key) { key.to_owned() } else { quoted(key) }
}

/// Returns a string literal.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn identifier(wanted: &str) -> String {
    let mut name: String = wanted
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '$' { letter } else { '_' })
        .collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '$')
    {
        name.insert(0, '_');
    }
    name
}

fn is_identifier(key: &str) -> bool {
    !key.is_empty() && identifier(key) == key
}

fn is_reserved(name: &str) -> bool {
    RESERVED.split(' ').any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_identifiers() {
        let mut names = Names::default();
        let taken =
            ["Story", "Story", "Story2", "Page<Story>", "2D", "Größe", "", "type", "Integer"]
                .map(|wanted| names.take(wanted));
        let expected =
            ["Story", "Story2", "Story22", "Page_Story_", "_2D", "Gr__e", "_", "type2", "Integer2"];
        assert_eq!(taken, expected);
    }

    #[test]
    fn keys_are_quoted_if_necessary() {
        let keys = ["title", "in", "$ref", "_", "a-b", "1", "", "größe", "a\"b\n"].map(key);
        let expected =
            ["title", "in", "$ref", "_", "\"a-b\"", "\"1\"", "\"\"", "\"größe\"", "\"a\\\"b\\n\""];
        assert_eq!(keys, expected);
    }
}
