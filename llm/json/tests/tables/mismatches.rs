//! Mismatches: their messages, and that they are reported at the earliest token.

use crate::check;

#[test]
fn values_of_another_type() {
    check(&[
        ("book", r#"{"title": {"#, "! Type@10 expected a string at `title`, found an object"),
        (
            "book",
            r#"{"pages": "many", "title"#,
            "! Type@10 expected an integer at `pages`, found `\"many\"`",
        ),
        ("book", r#"{"pages": [1]"#, "! Type@10 expected an integer at `pages`, found a list"),
        ("book", r#"{"sold_out": 1"#, "! Type@13 expected a boolean at `sold_out`, found a number"),
        ("book", r#"{"pages": 1.5,"#, "! Type@10 expected an integer at `pages`, found `1.5`"),
        (
            "book",
            r#"{"tags": ["a", {"#,
            "! Type@15 expected a string at `tags[1]`, found an object",
        ),
        ("book", r#"{"pages": null}"#, "! Type@10 expected an integer at `pages`, found `null`"),
        (
            "book",
            r#"{"color": "Dank"#,
            "! Type@13 expected one of `Red`, `DarkGreen`, `Blue` at `color`, found `\"Dan`",
        ),
        (
            "book",
            r#"{"color": "Dark"}"#,
            "! Type@10 expected one of `Red`, `DarkGreen`, `Blue` at `color`, found `\"Dark\"`",
        ),
        (
            "book",
            r#"{"next": {"next": {"title": 1, "pages": []"#,
            "! Type@40 expected an integer at `next.next.pages`, found a list",
        ),
        ("map", r#"{"a": 1, "b": "x"}"#, "! Type@14 expected an integer at `b`, found `\"x\"`"),
        ("pair", r#"[1, "a", 2]"#, "! Type@9 expected `]` at `[2]`, found more than 2 elements"),
        ("pair", "[1]", "! Missing@2 expected at least 2 elements, found 1"),
        ("char", r#""ab""#, "! Type@2 expected a string of one character, found a longer one"),
        ("char", r#""""#, "! Type@0 expected a string of one character, found 0 characters"),
    ]);
}

#[test]
fn integers_out_of_range() {
    let list =
        r#"{"type":"array","items":{"type":"integer","format":"uint8","minimum":0,"maximum":255}}"#;
    let wide = r#"{"type":"array","items":{"type":"integer","format":"uint64","minimum":0}}"#;
    check(&[
        (list, "[1, 256, 2]", "! Type@4 expected an integer from 0 to 255 at `[1]`, found `256`"),
        (list, "[1, -1]", "! Type@4 expected an integer from 0 to 255 at `[1]`, found `-1`"),
        (wide, "[18446744073709551615]", "[18446744073709551615]"),
        (
            wide,
            "[1, 18446744073709551616]",
            "! Type@4 expected an integer from 0 to 18446744073709551615 at `[1]`, found `18446744073709551616`",
        ),
        (
            wide,
            r#"["-1"]"#,
            "! Type@1 expected an integer from 0 to 18446744073709551615 at `[0]`, found `\"-1\"`",
        ),
        (wide, "[x]", "! Type@1 expected an integer of at least 0 at `[0]`, found `x`"),
        (
            r#"{"type":"object","properties":{"a":{"type":"integer","format":"int64"}}}"#,
            r#"{"a":9223372036854775808}"#,
            "! Type@5 expected an integer from -9223372036854775808 to 9223372036854775807 at `a`, found `9223372036854775808`",
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"integer","format":"uint128","minimum":0}}}"#,
            r#"{"a":18446744073709551616}"#,
            "! Type@5 expected an integer from 0 to 18446744073709551615 at `a`, found `18446744073709551616`",
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"integer","format":"int128"}}}"#,
            r#"{"a":-9223372036854775809}"#,
            "! Type@5 expected an integer from -9223372036854775808 to 18446744073709551615 at `a`, found `-9223372036854775809`",
        ),
        ("map", r#"{"a": 1, "b": 1e999}"#, "! Type@14 expected an integer at `b`, found `1e999`"),
    ]);
}

#[test]
fn missing_properties_and_elements() {
    check(&[
        (
            "book",
            r#"{"title": "T"}"#,
            "! Missing@13 expected property `pages`, found the end of the object",
        ),
        (
            "book",
            r#"{"title": "T""#,
            "! Cut@13 expected property `pages`, found the end of the answer",
        ),
        (
            "book",
            r#"{"title": "T", "pages": 12"#,
            "! Cut@26 expected property `pages`, found the end of the answer",
        ),
        (
            "pair",
            "[1, ",
            "! Cut@4 expected at least 2 elements, found 1 before the end of the answer",
        ),
        (
            "books",
            r#"[{"title": "a"}, {"pages": 1}]"#,
            "! Missing@28 expected property `title` at `[1]`, found the end of the object",
        ),
    ]);
}

#[test]
fn texts_without_a_value() {
    check(&[
        ("book", "", "! NoValue@0 expected an object, found no text"),
        (
            "book",
            "I'm sorry, I cannot.",
            "! NoValue@20 expected an object, found `I'm sorry, I cannot.`",
        ),
        ("int", "no idea", "! NoValue@7 expected an integer, found `no idea`"),
        ("color", "\"purple\"", "! Type@1 expected one of `Red`, `DarkGreen`, `Blue`, found `\"p`"),
        ("book", "{}", "! Missing@1 expected property `pages`, found the end of the object"),
        ("ints", "[\"a\"]", "! Type@1 expected an integer at `[0]`, found `\"a\"`"),
    ]);
}

#[test]
fn text_that_is_not_json() {
    check(&[
        ("book", r#"{"title" "T"}"#, "! Syntax@9 expected `:` at `title`, found `\"`"),
        (
            "book",
            r#"{"title": "he sang "hi" to""#,
            "! Syntax@20 expected `,` or `}` at `title`, found `h`",
        ),
        ("book", r#"{"title": , "#, "! Syntax@10 expected a value at `title`, found `,`"),
        ("ints", "[1}", "! Syntax@2 expected `]` at `[1]`, found `}`"),
        ("ints", "[1 / 2]", "! Syntax@3 expected a value at `[1]`, found `/`"),
    ]);
}

#[test]
fn more_than_a_hundred_levels() {
    let deep = "[".repeat(100);
    let deeper = "[".repeat(101);
    let (schema, path) = (crate::schema("true"), "[0]".repeat(100));
    let outcome = crate::grow_in_all_cuts(&schema, &format!("{deep}{}", "]".repeat(100)));
    assert!(outcome.result.is_ok());
    let mismatch = crate::grow_in_all_cuts(&schema, &deeper).result.unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        format!("expected at most 100 levels at `{path}`, found one more")
    );
    assert_eq!(mismatch.offset, 100);
}
