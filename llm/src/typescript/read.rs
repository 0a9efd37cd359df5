//! Conversion of JSON Schema to types.

use super::shape::{DeclarationId, Docs, Literal, Member, Object, Presence, Property, Tuple, Type};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Number, Value};
use std::{borrow::Cow, collections::BTreeMap};

/// The largest integer up to which JavaScript numbers represent all integers: 2^53 − 1.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
/// Lists of a fixed length up to this one become tuples.
const MAX_TUPLE: u64 = 16;

/// Keywords that determine the type of a value.
const SHAPES: &str = "\
    $ref additionalProperties allOf anyOf const enum format items maxItems minItems oneOf \
    patternProperties prefixItems properties type unevaluatedProperties";

/// Keywords that TypeScript's types cannot express, or that are documentation.
const WITHOUT_EFFECT: &str = "\
    $anchor $comment $defs $id $schema $vocabulary contains contentEncoding contentMediaType \
    contentSchema default definitions dependentRequired deprecated description discriminator \
    example examples exclusiveMaximum exclusiveMinimum maxContains maxLength maxProperties \
    maximum minContains minLength minProperties minimum multipleOf pattern propertyNames \
    readOnly required title unevaluatedItems uniqueItems writeOnly";

/// Reads the schemas of one document.
pub(super) struct Reader<'a> {
    /// The declaration to which each reference into the document points.
    pub(super) references: &'a BTreeMap<String, DeclarationId>,
}

impl Reader<'_> {
    pub(super) fn read(&self, schema: &Value) -> Type {
        match schema {
            Value::Bool(true) => Type::Unknown(None),
            Value::Bool(false) => Type::Never,
            Value::Object(schema) => match schema.keys().find(|keyword| !is_understood(keyword)) {
                Some(keyword) => Type::Unknown(Some(format!("keyword `{keyword}`"))),
                None => self.understood(schema),
            },
            _ => Type::Unknown(Some(format!("invalid schema `{schema}`"))),
        }
    }

    fn understood(&self, schema: &Map<String, Value>) -> Type {
        let mut parts = Vec::new();
        if let Some(reference) = schema.get("$ref") {
            parts.push(self.reference(reference));
        }
        if let Some(value) = schema.get("const") {
            parts.push(literal(value));
        } else if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            parts.push(Type::union(values.iter().map(|value| literal(value).into())));
        } else {
            parts.extend(self.typed(schema));
        }
        let all = schema.get("allOf").and_then(Value::as_array);
        parts.extend(all.into_iter().flatten().map(|part| self.read(part)));
        for keyword in ["anyOf", "oneOf"] {
            if let Some(alternatives) = schema.get(keyword).and_then(Value::as_array) {
                parts.push(Type::union(alternatives.iter().map(|one| self.member(one))));
            }
        }
        Type::intersection(parts)
    }

    fn member(&self, schema: &Value) -> Member {
        Member { ty: self.read(schema), docs: docs(schema) }
    }

    fn reference(&self, reference: &Value) -> Type {
        let target = reference.as_str().and_then(|target| self.references.get(&*decoded(target)));
        target.map_or_else(
            || Type::Unknown(Some(format!("reference {reference}"))),
            |target| Type::Reference(*target),
        )
    }

    /// Returns the type of `type`, or that which the other keywords imply; `None` if any type fits.
    fn typed(&self, schema: &Map<String, Value>) -> Option<Type> {
        match schema.get("type") {
            Some(Value::String(name)) => Some(self.named(name, schema)),
            Some(Value::Array(names)) => {
                let names = names.iter().filter_map(Value::as_str);
                Some(Type::union(names.map(|name| self.named(name, schema).into())))
            }
            Some(other) => Some(Type::Unknown(Some(format!("type {other}")))),
            None if schema.contains_key("prefixItems") || schema.contains_key("items") => {
                Some(self.list(schema))
            }
            None => {
                let about_objects = ["properties", "patternProperties", "additionalProperties"];
                let is_object = about_objects.iter().any(|keyword| schema.contains_key(*keyword));
                is_object.then(|| self.object(schema))
            }
        }
    }

    fn named(&self, name: &str, schema: &Map<String, Value>) -> Type {
        match name {
            "string" => Type::String,
            "number" => Type::Number,
            "integer" => integer(schema),
            "boolean" => Type::Boolean,
            "null" => Type::Null,
            "array" => self.list(schema),
            "object" => self.object(schema),
            other => Type::Unknown(Some(format!("type `{other}`"))),
        }
    }

    fn list(&self, schema: &Map<String, Value>) -> Type {
        let count = |keyword| schema.get(keyword).and_then(Value::as_u64);
        let (min, max) = (count("minItems").unwrap_or(0), count("maxItems"));
        let element = schema.get("items").map_or(Type::Unknown(None), |items| self.read(items));
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        let mut items: Vec<Type> =
            prefix.into_iter().flatten().map(|item| self.read(item)).collect();
        let is_fixed = max == Some(min) && min <= MAX_TUPLE && element != Type::Never;
        if is_fixed {
            let length = usize::try_from(min).unwrap_or(usize::MAX);
            items.resize(items.len().max(length), element.clone());
        }
        if items.is_empty() && !is_fixed {
            return Type::List(Box::new(element));
        }
        let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let ends = element == Type::Never || max.is_some_and(|max| max <= length);
        let required = usize::try_from(min.min(length)).unwrap_or(usize::MAX);
        Type::Tuple(Tuple { items, required, rest: (!ends).then(|| Box::new(element)) })
    }

    fn object(&self, schema: &Map<String, Value>) -> Type {
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties: Vec<Property> = properties
            .into_iter()
            .flatten()
            .map(|(key, property)| self.property(schema, key, property))
            .collect();
        let additional =
            schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let others: Vec<Type> = patterns
            .into_iter()
            .flat_map(Map::values)
            .chain(additional)
            .map(|others| self.read(others))
            .collect();
        let is_unconstrained = properties.is_empty() && others.is_empty();
        let is_empty = properties.is_empty() && others.iter().all(|ty| *ty == Type::Never);
        let rest = match Type::union(others.into_iter().map(Member::from)) {
            _ if is_unconstrained => Some(Type::Unknown(None)),
            Type::Never if !is_empty => None,
            rest => Some(rest),
        };
        Type::Object(Object { properties, rest: rest.map(Box::new) })
    }

    fn property(&self, schema: &Map<String, Value>, key: &str, property: &Value) -> Property {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = required.is_some_and(|keys| keys.iter().any(|one| one == key));
        Property {
            key: key.to_owned(),
            ty: self.read(property),
            presence: if is_required { Presence::Required } else { Presence::Optional },
            docs: docs(property),
        }
    }
}

/// Reads the documentation of a schema.
pub(super) fn docs(schema: &Value) -> Docs {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let is_deprecated = schema.get("deprecated") == Some(&Value::Bool(true));
    Docs { text: text.trim().to_owned(), is_deprecated }
}

fn is_understood(keyword: &str) -> bool {
    let mut known = SHAPES.split(' ').chain(WITHOUT_EFFECT.split(' '));
    keyword.starts_with("x-") || known.any(|known| known == keyword)
}

/// Returns the type of an integer: a number if it has at most 32 bits, or limits that numbers can
/// represent.
fn integer(schema: &Map<String, Value>) -> Type {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let is_short = ["int8", "int16", "int32", "uint8", "uint16", "uint32"].contains(&format);
    let limit = |keyword| schema.get(keyword).and_then(Value::as_f64);
    let is_limited = limit("minimum").is_some_and(|limit| limit >= -MAX_SAFE)
        && limit("maximum").is_some_and(|limit| limit <= MAX_SAFE);
    if is_short || is_limited { Type::Number } else { Type::Integer }
}

/// Returns the literal type of a value.
fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(value) => Type::Literal(Literal::Boolean(*value)),
        Value::String(text) => Type::Literal(Literal::String(text.clone())),
        Value::Number(number) if is_safe(number) => Type::Literal(Literal::Number(number.clone())),
        // servers send such a number as a string
        Value::Number(number) => Type::Literal(Literal::String(number.to_string())),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(literal).collect();
            Type::Tuple(Tuple { required: items.len(), items, rest: None })
        }
        Value::Object(map) => {
            let property = |(key, value): (&String, &Value)| Property {
                key: key.clone(),
                ty: literal(value),
                presence: Presence::Required,
                docs: Docs::default(),
            };
            Type::Object(Object { properties: map.iter().map(property).collect(), rest: None })
        }
    }
}

fn is_safe(number: &Number) -> bool {
    number.is_f64() || number.as_f64().is_some_and(|number| number.abs() <= MAX_SAFE)
}

/// Decodes the percent-encoding of a reference.
pub(super) fn decoded(reference: &str) -> Cow<'_, str> {
    percent_decode_str(reference).decode_utf8_lossy()
}
