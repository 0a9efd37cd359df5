//! The definitions and arguments of declared tools.

use super::{call, run};
use burdock_llm::{
    Model, Request, Script, Scripted, ToolCall, tool,
    tool::{Progress, ToolStatus},
    tools,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Size {
    Small,
    Large,
}

struct Shop {
    name: &'static str,
}

trait Bank: Send + Sync {
    fn balance(&self) -> i64;
}

impl Bank for i64 {
    fn balance(&self) -> i64 {
        *self
    }
}

/// Orders a drink.
///
/// Costs money.
#[tool(name = "order")]
async fn order_drink(
    #[resource] shop: &Shop,
    /// The name of the drink.
    r#type: String,
    mut size: Size,
    #[schemars(range(min = 1))]
    #[serde(default = "one")]
    count: u32,
    #[resource] bank: &Arc<dyn Bank>,
    note: Option<String>,
) -> burdock::Result<String> {
    if count > 1 {
        size = Size::Large;
    }
    let note = note.unwrap_or_default();
    let size = serde_json::to_value(size)?;
    Ok(format!("{}: {count} {size} {}{note} of {}", shop.name, r#type, bank.balance()))
}

fn one() -> u32 {
    1
}

/// Knows the answer.
#[tool]
async fn answer() -> std::result::Result<u8, std::num::ParseIntError> {
    "42".parse()
}

/// A resource that borrows.
struct Conn<'a> {
    name: &'a str,
}

/// Types and names that generated code could confuse.
///
/// # Errors
/// Never.
#[tool(yields(Arguments))]
#[allow(clippy::too_many_arguments, reason = "more than one test needs")]
async fn declared(
    #[resource] conn: &Conn<'_>,
    #[resource] names: &&[&'static str],
    #[resource] limit: &'static Limit,
    #[call] call: &ToolCall,
    arguments: Arguments,
    progress: Option<u8>,
    result: Vec<u8>,
    given: u8,
) -> burdock::Result<String> {
    yield_!(arguments.clone());
    let Arguments { a } = arguments;
    let rest = (progress, result.len(), given);
    Ok(format!("{} {} {} {} {a} {rest:?}", conn.name, names.len(), limit.0, call.id))
}

struct Limit(u8);

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Arguments {
    a: u32,
}

#[tokio::test]
async fn names_and_types_of_the_user_are_not_confused_with_generated_ones() {
    static LIMIT: Limit = Limit(5);
    let name = String::from("main");
    let (conn, names) = (Conn { name: &name }, &["x"][..]);
    let tools = tools![declared { conn: &conn, names: &names, limit: &LIMIT }];
    let definition = tools.definitions().next().unwrap();
    assert_eq!(definition.description, "Types and names that generated code could confuse.");
    let arguments = json!({ "arguments": { "a": 1 }, "result": [], "given": 2 });
    let results = run(&tools, [call("17", "declared", arguments)]).await;
    assert_eq!(results, [(ToolStatus::Succeeded, "main 1 5 17 1 (None, 0, 2)".to_owned())]);
    let itself = call("18", "declared", json!({}));
    let (arguments, progress) = (Arguments { a: 1 }, Progress::ignored());
    let text = declared(&conn, &names, &LIMIT, &itself, arguments, None, Vec::new(), 2, &progress);
    assert_eq!(text.await.unwrap(), "main 1 5 18 1 (None, 0, 2)");
    assert_eq!(format!("{:?}", declared { conn: &conn, names: &names, limit: &LIMIT }), "declared");
}

#[test]
fn a_definition_comes_from_the_declaration() {
    let (shop, bank): (_, Arc<dyn Bank>) = (Shop { name: "Bar" }, Arc::new(7_i64));
    let tools = tools![order_drink { shop: &shop, bank: &bank }, self::answer];
    let definitions: Vec<_> = tools.definitions().collect();
    assert_eq!(definitions[0].name, "order");
    assert_eq!(definitions[0].description, "Orders a drink.\n\nCosts money.");
    let schema = &definitions[0].schema;
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["required"], json!(["type", "size"]));
    let mut names: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["count", "note", "size", "type"]);
    assert_eq!(schema["properties"]["type"]["description"], "The name of the drink.");
    assert_eq!(schema["properties"]["count"]["minimum"], 1);
    assert_eq!(schema.get("title"), None);
    assert_eq!(definitions[1].schema["type"], "object");
    let request = Request::prompt("hi").tools(&tools);
    assert_eq!(request.options.tools.len(), 2);
}

#[tokio::test]
async fn arguments_are_read_tolerantly_and_rejected_with_their_path() {
    let (shop, bank): (_, Arc<dyn Bank>) = (Shop { name: "Bar" }, Arc::new(7_i64));
    let tools = tools![order_drink { shop: &shop, bank: &bank }];
    for (arguments, expected) in [
        (json!({ "type": "tea", "size": "small" }), Ok("Bar: 1 \"small\" tea of 7")),
        (json!({ "type": "tea", "size": "SMALL", "note": null }), Ok("Bar: 1 \"small\" tea of 7")),
        (json!({ "type": 5, "size": "small", "count": "2" }), Ok("Bar: 2 \"large\" 5 of 7")),
        (
            json!("```json\n{type: 'tea', size: small, note: '!'}\n```"),
            Ok("Bar: 1 \"small\" tea! of 7"),
        ),
        (json!({ "type": "tea", "size": "small", "made_up": 1 }), Ok("Bar: 1 \"small\" tea of 7")),
        (json!({ "size": "small" }), Err("expected property `type`, found the end of the object")),
        (json!({ "type": "tea", "size": "huge" }), Err("at `size`")),
        (json!({ "type": ["tea"], "size": "small" }), Err("at `type`")),
        (json!({ "type": "tea", "size": "small", "count": -1 }), Err("at `count`")),
        (json!([1]), Err("")),
        (json!("tea, please"), Err("")),
        (json!(""), Err("expected property")),
        (json!(null), Err("expected property")),
    ] {
        let results = run(&tools, [call("1", "order", arguments.clone())]).await;
        let (status, text) = &results[0];
        match expected {
            Ok(expected) => assert_eq!((*status, text.as_str()), (ToolStatus::Succeeded, expected)),
            Err(part) => {
                assert_eq!(*status, ToolStatus::Invalid, "{arguments}: {text}");
                assert!(text.starts_with("error: the arguments do not fit: "), "{text}");
                assert!(text.contains(part), "{arguments}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_tool_is_still_a_function() {
    assert_eq!(answer().await, Ok(42));
    let bank: Arc<dyn Bank> = Arc::new(7_i64);
    let text = order_drink(&Shop { name: "Bar" }, "tea".into(), Size::Small, 1, &bank, None).await;
    assert_eq!(text.unwrap(), "Bar: 1 \"small\" tea of 7");
}

#[tokio::test(start_paused = true)]
async fn a_request_with_tools_is_answered_in_a_loop() {
    let llm = Scripted::new([Script::new().say("Hello!")])
        .when("answer", Script::new().call(call("1", "answer", json!({}))))
        .when("42", Script::new().say("It is 42."));
    let tools = tools![answer];
    let mut request = Request::prompt("What is the answer?").tools(&tools);
    let mut turns = 0;
    let text = loop {
        let whole = llm.chat(request.clone()).whole().await.unwrap();
        turns += 1;
        if whole.tool_calls.is_empty() {
            break whole.text;
        }
        let results = tools.run(whole.tool_calls.clone()).whole().await.unwrap();
        request.messages.push(whole.into());
        request.messages.extend(results);
    };
    assert_eq!((turns, text.as_str()), (2, "It is 42."));
    super::assert_legal(&request.messages);
}
