//! Repairs.

use crate::{Row, check};

#[test]
fn valid_json_needs_no_repair() {
    check(&[
        ("int", "42", "42"),
        ("int", " -7\n", "-7"),
        ("number", "1.5e3", "1.5e3"),
        ("text", r#""a\u00e9\ud83d\ude00\n""#, r#""a\u00e9\ud83d\ude00\n""#),
        ("ints", "[1, 2 ,3]", "[1,2,3]"),
        ("ints", "[]", "[]"),
        ("map", r#"{"a": 1}"#, r#"{"a":1}"#),
        ("any", r#"{"a": [1, null, {"b": "c"}]}"#, r#"{"a":[1,null,{"b":"c"}]}"#),
        ("book", r#"{"title": "T", "pages": 3}"#, r#"{"title":"T","pages":3}"#),
    ]);
}

#[test]
fn text_around_the_value() {
    const ROWS: &[Row] = &[
        (
            "book",
            "```json\n{\"title\":\"T\",\"pages\":3}\n```",
            r#"{"title":"T","pages":3} | fence@0"#,
        ),
        (
            "book",
            "Here is [the book] {as asked}:\n```\n{\"title\":\"T\",\"pages\":3}\n```\nEnjoy!",
            r#"{"title":"T","pages":3} | text_before@0 text_after@63"#,
        ),
        ("int", "The answer is 42.", "42 | text_before@0 number@14"),
        ("bool", "**true**", "true | text_before@0 text_after@6"),
        ("color", "I choose red, of course", r#""Red" | text_before@0 variant@9 text_after@12"#),
        ("ints", "[1] and [2]", "[1] | text_after@4"),
        ("books", r#"{"books": [{"title": "A"}]}"#, r#"[{"title":"A"}] | wrapped@10"#),
        (
            "book",
            r#"{"book": {"title": "T", "pages": 3}}"#,
            r#"{"title":"T","pages":3} | wrapped@10"#,
        ),
        ("book", r#"{"note": {"x": 1}, "title": "T", "pages": 3}"#, r#"{"title":"T","pages":3}"#),
        ("book", r#"[{"title": "T", "pages": 3}]"#, r#"{"title":"T","pages":3} | wrapped@0"#),
        ("ints", r#"{"numbers": [1, 2]}"#, "[1,2] | text_before@0 text_after@18"),
        ("book", r#"{} {"title": "T", "pages": 3}"#, r#"{"title":"T","pages":3} | text_before@0"#),
    ];
    check(ROWS);
}

#[test]
fn reasoning_is_not_searched_for_the_value() {
    check(&[
        (
            "book",
            "<think>\nSo {\"title\": string}, or {\"title\":\"A\",\"pages\":0} </thin</think>\n\n{\"title\":\"T\",\"pages\":3}",
            r#"{"title":"T","pages":3} | text_before@0"#,
        ),
        (
            "book",
            "\u{feff}<thinking>{title: 1}</thinking>```json\n{\"title\":\"T\",\"pages\":3}\n```",
            r#"{"title":"T","pages":3} | fence@0"#,
        ),
        ("bool", "<think>true?</think>no, <b>false</b>", "false | text_before@0 text_after@32"),
        ("texts", "<thought>\"a\"</thought> \"b\"", r#"["b"] | text_before@0 single_value@23"#),
        (
            "color",
            "<think>Red <think> Blue</think>green",
            "! Type@31 expected one of `Red`, `DarkGreen`, `Blue`, found `green`",
        ),
        ("int", "<think>7", "! NoValue@8 expected an integer, found `<think>7`"),
        ("bool", "<thin>true", "true | text_before@0"),
    ]);
}

#[test]
fn words_at_the_end_of_a_sentence() {
    check(&[
        ("bool", "True.", "true | literal@0"),
        ("bool", "It is false.", "false | text_before@0 literal@6"),
        ("color", "The color is Blue.", r#""Blue" | text_before@0 unquoted_text@13"#),
        ("color", "red...", r#""Red" | variant@0"#),
        (
            "color",
            "<answer>Blue</answer>",
            r#""Blue" | text_before@0 unquoted_text@8 text_after@12"#,
        ),
        ("int", "<answer>42</answer>", "42 | text_before@0 text_after@10"),
        ("bool", "...", "! NoValue@3 expected a boolean, found `...`"),
    ]);
}

#[test]
fn punctuation() {
    check(&[
        ("ints", "[1,2,]", "[1,2] | extra_comma@5"),
        ("ints", "[,1,,2]", "[1,2] | extra_comma@1 extra_comma@4"),
        ("ints", "[1 2]", "[1,2] | missing_comma@3"),
        ("texts", r#"["a" "b"]"#, r#"["a","b"] | missing_comma@5"#),
        (
            "book",
            "{\"title\": \"T\"\n\"pages\": 3,}",
            r#"{"title":"T","pages":3} | missing_comma@14 extra_comma@25"#,
        ),
        (
            "book",
            r#"{"title":"T","pages":3,"tags":["a","b"}"#,
            r#"{"title":"T","pages":3,"tags":["a","b"]} | missing_bracket@38"#,
        ),
    ]);
}

#[test]
fn comments() {
    check(&[
        (
            "ints",
            "[1, // one\n2 /* two */, # three\n3]",
            "[1,2,3] | comment@4 comment@13 comment@24",
        ),
        ("ints", "[/***/1]", "[1] | comment@1"),
    ]);
}

#[test]
fn quotes_and_keys() {
    check(&[
        ("text", "'it's \"so\"'", r#""it's \"so\"" | quotes@0"#),
        ("text", "“a \"b\" ‘c’”", r#""a \"b\" ‘c’" | quotes@0"#),
        ("texts", "['a', ‘b’]", r#"["a","b"] | quotes@1 quotes@6"#),
        (
            "book",
            "{title: 'T', 'pages': 3}",
            r#"{"title":"T","pages":3} | unquoted_key@1 quotes@8 quotes@13"#,
        ),
        ("book", r#"{"Title": "T", "PAGES": 3}"#, r#"{"title":"T","pages":3} | key@1 key@15"#),
        ("strict", r#"{"a": 1, "userName": "u"}"#, r#"{"a":1,"user_name":"u"} | key@9"#),
        ("strict", r#"{"a": 1, "b": [2]}"#, r#"{"a":1} | extra_property@9"#),
        ("strict", r#"{"a": 1, "a": 2}"#, r#"{"a":1} | duplicate_key@9"#),
        ("map", r#"{"a": 1, "a": 2, "b": 3}"#, r#"{"a":1,"b":3} | duplicate_key@9"#),
        ("book", r#"{"title":"T","pages":3,"x":{"y":[1]}}"#, r#"{"title":"T","pages":3}"#),
    ]);
}

#[test]
fn strings() {
    check(&[
        ("text", "\"a\nb\u{1}\"", r#""a\nb\u0001" | control_character@2 control_character@4"#),
        ("text", r#""\d \' C:\x""#, r#""\\d ' C:\\x" | escape@1 escape@4 escape@9"#),
        ("text", r#""\u12 x""#, r#""\\u12 x" | escape@1"#),
        ("text", r#""\ud83d!""#, "\"\u{fffd}!\" | escape@1"),
        ("text", r#""\ude00""#, "\"\u{fffd}\" | escape@1"),
        ("text", r#""\ud83d\n""#, "\"\u{fffd}\\n\" | escape@1"),
        ("text", r#""\ud83d\ud83d\ude00""#, "\"\u{fffd}\\ud83d\\ude00\" | escape@1"),
        ("text", r#""\ud83d\u0041""#, "\"\u{fffd}\\u0041\" | escape@1"),
    ]);
}

#[test]
fn scalars() {
    check(&[
        ("bool", "True", "true | literal@0"),
        ("maybe", "None", "null | literal@0"),
        ("maybe", "NaN", "null | literal@0"),
        ("any", "[True, undefined]", "[true,null] | literal@1 literal@7"),
        ("int", "\"42\"", "42 | unquoted@0"),
        ("bool", "\"true\"", "true | unquoted@0"),
        ("maybe", "\"null\"", "null | unquoted@0"),
        (
            "texts",
            "[1.50, true, False]",
            r#"["1.50","true","false"] | quoted@1 quoted@7 quoted@13"#,
        ),
        ("char", "5", "! NoValue@1 expected a string of one character, found `5`"),
        ("int", "1.0", "1 | integer@0"),
        ("int", "-0", "0 | integer@0"),
        ("int", "1e3", "1000 | integer@0"),
        ("ints", "[+1, 007, 5., 1_000]", "[1,7,5,1000] | number@1 number@5 number@10 number@14"),
        ("number", "-.5", "-0.5 | number@0"),
        ("number", "00.50", "0.50 | number@0"),
        ("color", "\"dark_green\"", r#""DarkGreen" | variant@0"#),
        ("color", "Blue", r#""Blue" | unquoted_text@0"#),
        ("ints", "7", "[7] | single_value@0"),
        ("texts", r#""a""#, r#"["a"] | single_value@0"#),
        ("books", r#"{"title": "A"}"#, r#"[{"title":"A"}] | single_value@0"#),
        (
            "book",
            r#"{"title":"T","pages":3,"tags":"x","price":null}"#,
            r#"{"title":"T","pages":3,"tags":["x"]} | single_value@30 null_property@42"#,
        ),
    ]);
}

#[test]
fn truncated_texts() {
    check(&[
        (
            "book",
            r#"{"title": "T", "pages": 3, "tags": ["a", "b"#,
            r#"{"title":"T","pages":3,"tags":["a","b"]} | missing_quote@43 missing_bracket@43 cut"#,
        ),
        (
            "book",
            r#"{"pages": 3, "title": "Th"#,
            r#"{"pages":3,"title":"Th"} | missing_quote@25 missing_bracket@25 cut"#,
        ),
        ("ints", "[1, 2", "[1] | incomplete@5 missing_bracket@5 cut"),
        ("ints", "[1, 2,", "[1,2] | missing_bracket@6 cut"),
        (
            "book",
            r#"{"title":"T","pages":3,"pri"#,
            r#"{"title":"T","pages":3} | missing_quote@27 incomplete@27 missing_bracket@27 cut"#,
        ),
        (
            "book",
            r#"{"title":"T","pages":3,"price":"#,
            r#"{"title":"T","pages":3} | missing_bracket@31 cut"#,
        ),
        (
            "book",
            r#"{"title":"T","pages":3,"sold_out":tr"#,
            r#"{"title":"T","pages":3} | incomplete@36 missing_bracket@36 cut"#,
        ),
        ("text", r#""ab\u00"#, r#""ab" | missing_quote@7 cut"#),
    ]);
}
