//! Kinds of schemas.

use crate::check;

#[test]
fn internally_tagged_alternatives() {
    check(&[
        ("event", r#"{"kind":"Click","x":1,"y":2}"#, r#"{"kind":"Click","x":1,"y":2}"#),
        (
            "event",
            r#"{"x":1,"y":2,"kind":"click"}"#,
            r#"{"x":1,"y":2,"kind":"Click"} | variant@20"#,
        ),
        ("event", r#"{"text":"hi","kind":"Say"}"#, r#"{"text":"hi","kind":"Say"}"#),
        ("event", r#"{"kind":"Quit","text":1}"#, r#"{"kind":"Quit"}"#),
        (
            "event",
            r#"{"kind":"Jump"}"#,
            "! Type@9 expected `Click`, `Say` or `Quit` at `kind`, found `\"J`",
        ),
        (
            "event",
            r#"{"kind":"Say","x":1}"#,
            "! Missing@19 expected property `text`, found the end of the object",
        ),
        ("event", r#"{"x":"a","kind":"Quit"}"#, r#"{"kind":"Quit"}"#),
    ]);
}

#[test]
fn externally_tagged_alternatives() {
    check(&[
        ("shape", r#""Empty""#, r#""Empty""#),
        ("shape", r#"{"Circle": 1.5}"#, r#"{"Circle":1.5}"#),
        ("shape", r#"{"box": {"w": "3"}}"#, r#"{"Box":{"w":3}} | key@1 unquoted@14"#),
        ("shape", r#"{"Circle": 1, "Box": 2}"#, r#"{"Circle":1} | extra_property@14"#),
        (
            "shape",
            r#"{"Triangle": 1}"#,
            "! Missing@14 expected property `Circle` or property `Box`, found the end of the object",
        ),
    ]);
}

#[test]
fn untagged_alternatives() {
    check(&[
        ("untagged", "5", "5"),
        ("untagged", r#""5""#, r#""5""#),
        ("untagged", "null", "null"),
        ("untagged", r#"{"x": 1}"#, r#"{"x":1}"#),
        ("untagged", r#"{"y": "s", "x": 1}"#, r#"{"y":"s","x":1}"#),
        (
            "untagged",
            r#"{"z": 1}"#,
            "! Missing@7 expected property `x` or property `y`, found the end of the object",
        ),
        (
            r#"{"anyOf":[{"type":"array","items":{"type":"integer"}},{"type":"array","items":{"type":"string"}}]}"#,
            r#"["1", 2]"#,
            r#"["1","2"] | quoted@6"#,
        ),
        (
            r#"{"anyOf":[{"type":"string","enum":["Red"]},{"type":"string"}]}"#,
            r#""Reddish""#,
            r#""Reddish""#,
        ),
        (
            r#"{"anyOf":[{"type":"string","enum":["Red"]},{"type":"integer"}]}"#,
            r#""5""#,
            "5 | unquoted@0",
        ),
    ]);
}

#[test]
fn keywords_that_apply_together() {
    check(&[
        (
            r#"{"allOf":[{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}},
                {"type":"object","required":["b"],"properties":{"b":{"type":"string"}}}]}"#,
            r#"{"a":"1","b":2}"#,
            r#"{"a":1,"b":"2"} | unquoted@5 quoted@13"#,
        ),
        (
            r##"{"type":"object","properties":{"z":{"type":"integer"}},"required":["z"],
                "unevaluatedProperties":{"type":"integer"},
                "oneOf":[{"type":"object","properties":{"k":{"const":"A"}},"$ref":"#/$defs/I","required":["k"]},
                    {"type":"object","properties":{"k":{"const":"B"}},"required":["k"]}],
                "$defs":{"I":{"type":"object","properties":{"s":{"type":"string"}},"required":["s"]}}}"##,
            r#"{"z":1,"s":"x","more":"2","k":"A"}"#,
            r#"{"z":1,"s":"x","more":2,"k":"A"} | unquoted@22"#,
        ),
        (
            r#"{"type":"object","patternProperties":{"^\\d+$":{"type":"integer"}},"additionalProperties":false}"#,
            r#"{"1":2,"x":3}"#,
            r#"{"1":2} | extra_property@7"#,
        ),
        (r#"{"enum":[1,2,"a",null]}"#, "2", "2"),
        (
            r#"{"type":"array","items":{"enum":[1,2]}}"#,
            "[1,3]",
            "! Type@3 expected one of `1`, `2` at `[1]`, found `3`",
        ),
        (r#"{"$ref":"other.json"}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"{"not":{"type":"string"}}"#, r#""x""#, r#""x""#),
        ("{}", "[1,{}]", "[1,{}]"),
        ("false", "1", "! NoValue@1 expected nothing, found `1`"),
    ]);
}
