//! Calls of tools, chosen by the words of the prompt.

use super::{
    filled::fill,
    words::{COMMON, Words},
};
use crate::{Message, Options, Role, ToolCall, ToolChoice, ToolDefinition};
use serde_json::{Map, Value, json};

/// Returns the call that fits the prompt best, if the request has one and does not follow the results of others.
pub(super) fn choose(options: &Options, messages: &[Message], prompt: &str) -> Option<ToolCall> {
    if results(messages).next().is_some() {
        return None;
    }
    let words = Words::new(prompt);
    let score = |tool: &ToolDefinition| {
        let own = Words::new(&format!("{} {}", tool.name.replace('_', " "), tool.description));
        let common = Words::new(COMMON);
        own.iter().filter(|word| words.has(word) && !common.has(word)).count()
    };
    let best = options.tools.iter().rev().max_by_key(|tool| score(tool));
    let tool = match options.tool_choice.as_ref().unwrap_or(&ToolChoice::Auto) {
        ToolChoice::None => return None,
        ToolChoice::Auto => best.filter(|tool| score(tool) > 0),
        ToolChoice::Required => best,
        ToolChoice::Tool(name) => options.tools.iter().find(|tool| tool.name == *name),
    }?;
    // the same request always has the same call
    let id = format!("call_{}", messages.len());
    Some(ToolCall::new(id, &*tool.name, arguments(&tool.schema, prompt)))
}

/// Returns the answer to the results at the end of the messages, if there are any.
pub(super) fn report(messages: &[Message]) -> Option<String> {
    let calls: Vec<&ToolCall> = messages.iter().flat_map(|message| &message.tool_calls).collect();
    let name = |id: Option<&str>| {
        let call = calls.iter().rev().find(|call| Some(&*call.id) == id);
        call.map_or("a tool", |call| &call.name)
    };
    let lines = results(messages).map(|result| {
        let name = name(result.tool_call_id.as_deref());
        format!("`{name}` returned: {}", result.text)
    });
    let mut lines: Vec<String> = lines.collect();
    lines.reverse();
    (!lines.is_empty()).then(|| {
        format!("{}\n\nI call tools by keywords; a model would explain.", lines.join("\n"))
    })
}

/// Returns the results at the end of the messages, the last one first.
fn results(messages: &[Message]) -> impl Iterator<Item = &Message> {
    messages.iter().rev().take_while(|message| message.role == Role::Tool)
}

/// Returns arguments that fit the schema, with numbers, addresses and the text of the prompt.
fn arguments(schema: &Value, prompt: &str) -> Value {
    let Value::Object(mut filled) = fill(schema, prompt) else { return json!({}) };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut numbers = prompt
        .split(|sign: char| !(sign.is_ascii_digit() || sign == '.'))
        .filter_map(|word| word.trim_matches('.').parse::<f64>().ok());
    let address = prompt
        .split_whitespace()
        .map(|word| word.trim_matches(|sign: char| !sign.is_alphanumeric()))
        .find(|word| word.contains('@'));
    let mut found = Map::new();
    for (name, value) in &mut filled {
        let property = &schema["properties"][name];
        let is_number = property["type"] == "integer" || property["type"] == "number";
        let from_prompt = if is_number {
            numbers.next().map(|number| {
                let whole = serde_json::from_str::<i64>(&number.trunc().to_string()).ok();
                match whole.filter(|_| property["type"] == "integer") {
                    Some(whole) => json!(whole),
                    None => json!(number),
                }
            })
        } else if property["type"] == "string" && property.get("enum").is_none() {
            let wants_address = name.contains("mail");
            let text = if wants_address { address } else { Some(prompt.trim()) };
            text.map(|text| json!(text))
        } else {
            None
        };
        match from_prompt {
            Some(value) => found.insert(name.clone(), value),
            None if required.contains(&&**name) => found.insert(name.clone(), value.take()),
            None => None,
        };
    }
    Value::Object(found)
}

#[cfg(test)]
mod tests {
    use super::arguments;
    use serde_json::json;

    #[test]
    fn arguments_come_from_the_prompt() {
        let schema = json!({
            "type": "object",
            "properties": {
                "email": { "type": "string" },
                "order": { "type": "integer" },
                "limit": { "type": ["integer", "null"] },
                "fast": { "type": "boolean" },
                "size": { "type": "string", "enum": ["small", "large"] },
                "note": { "type": "string" },
            },
            "required": ["email", "order", "size", "note"],
        });
        let prompt = "Refund order 17 of (ada@example.org), please.";
        let expected = json!({
            "email": "ada@example.org", "order": 17, "size": "small", "note": prompt,
        });
        assert_eq!(arguments(&schema, prompt), expected);
        assert_eq!(arguments(&json!({ "type": "object" }), prompt), json!({}));
        assert_eq!(arguments(&json!(true), prompt), json!({}));
    }
}
