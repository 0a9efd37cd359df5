//! Tests of the places in a small file.

use super::*;

const FILE: &str = r#"
//! graph! { not this }
use burdock::prelude::*;

#[derive(State, Clone)]
pub struct Chat { pub count: u64 }

/// #[action] not this
#[action(state = Chat, reads(count), yields(Delta))]
pub async fn count(chat: Reads<'_>, #[input] by: Option<(u8, u8)>) -> Result<Writes> {
    let text = "graph! { nor this }";
    Ok(Writes { count: 1 })
}

graph! {
    /// Nor this.
    Main(Chat) {
        inputs { by: Option<u64>, names: HashMap<String, u8> }
        yields Delta; // nor this
        nodes {
            count: say { text: "nor this".into(), times: 3 },
        }
    }
}
"#;

fn source() -> Source {
    Source::new(FILE.to_owned(), Extent::Macros).unwrap_or_default()
}

fn texts<'s>(source: &'s Source, ranges: impl Iterator<Item = &'s Range<usize>>) -> Vec<&'s str> {
    ranges.map(|range| source.text[range.clone()].trim()).collect()
}

#[test]
fn tokens_are_those_of_macros_outside_of_strings_and_comments() {
    let source = source();
    let tokens = texts(&source, source.tokens.iter().map(|token| &token.range));
    let text = tokens.join(" ");
    assert_eq!(
        text,
        "# [ derive ( State , Clone ) ] \
         # [ action ( state = Chat , reads ( count ) , yields ( Delta ) ) ] \
         chat : Reads < ' _ > , # [ input ] by : Option < ( u8 , u8 ) > \
         Main ( Chat ) { inputs { by : Option < u64 > , names : HashMap < String , u8 > } \
         yields Delta ; nodes { count : say { text : . into ( ) , times : 3 } , } }"
    );
}

#[test]
fn items_are_found_with_their_bodies() {
    let source = Source::new(FILE.to_owned(), Extent::Items).unwrap_or_default();
    let body = texts(&source, source.lines.iter());
    assert!(body.contains(&"let text = \"graph! { nor this }\";"), "{body:?}");
    let rust = source.tokens.iter().filter(|token| token.part == Part::Rust);
    let rust = texts(&source, rust.map(|token| &token.range)).join(" ");
    assert_eq!(
        rust,
        "pub struct Chat { pub count : u64 } \
         { let text = ; Ok ( Writes { count : 1 } ) }"
    );
}

#[test]
fn a_cut_goes_to_the_end_of_an_element() {
    let source = source();
    let cuts = texts(&source, source.cuts.iter());
    for cut in ["Delta;", "HashMap<String,", "{ text: \"nor this\".into(), times: 3 },", ": 3"] {
        assert!(cuts.contains(&cut), "{cut}: {cuts:?}");
    }
    assert!(!cuts.contains(&"yields Delta;"), "{cuts:?}");
}

#[test]
fn types_are_found_as_a_whole() {
    let source = source();
    assert_eq!(
        texts(&source, source.types.iter()),
        [
            "Chat",
            "Delta",
            "Reads<'_>",
            "Option<(u8, u8)>",
            "Chat",
            "Option<u64>",
            "HashMap<String, u8>",
            "Delta"
        ]
    );
}

#[test]
fn lines_have_only_tokens_that_may_be_faulty() {
    let source = source();
    assert_eq!(
        texts(&source, source.lines.iter()),
        [
            "#[derive(State, Clone)]",
            "#[action(state = Chat, reads(count), yields(Delta))]",
            "Main(Chat) {",
            "inputs { by: Option<u64>, names: HashMap<String, u8> }",
            "yields Delta; // nor this",
            "nodes {",
            "count: say { text: \"nor this\".into(), times: 3 },",
            "},",
            "}",
            "}"
        ][..7]
            .iter()
            .copied()
            .chain(["}", "}"])
            .collect::<Vec<_>>()
    );
}
