//! Schemas as alternatives: the keywords of one schema, merged with those that apply together with it.

use super::{Range, SchemaError};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A bit set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    /// Numbers that are not integers.
    pub(super) const FRACTION: Self = Self(8);
    pub(super) const TEXT: Self = Self(16);
    pub(super) const LIST: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ALL: Self = Self(127);

    pub(super) fn has(self, kind: Self) -> bool {
        self.0 & kind.0 == kind.0
    }

    fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOL,
            "integer" => Self::INTEGER,
            "number" => Self(Self::INTEGER.0 | Self::FRACTION.0),
            "string" => Self::TEXT,
            "array" => Self::LIST,
            "object" => Self::OBJECT,
            _ => Self::ALL,
        }
    }
}

/// `additionalProperties` or `unevaluatedProperties`.
#[derive(Clone, Debug)]
pub(super) enum DraftExtra<'a> {
    Absent,
    Denied,
    /// Schemas that apply together; an empty list accepts anything.
    Schemas(Vec<&'a Value>),
}

/// One alternative before its children are compiled. Schemas in one `Vec` apply together.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) kinds: Kinds,
    pub(super) among: Option<Vec<&'a Value>>,
    pub(super) range: Range,
    pub(super) lengths: (usize, usize),
    pub(super) prefix: Vec<Vec<&'a Value>>,
    pub(super) rest: Vec<&'a Value>,
    pub(super) sizes: (usize, usize),
    pub(super) properties: BTreeMap<&'a str, Vec<&'a Value>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) patterns: Vec<(&'a str, &'a Value)>,
    pub(super) extra: DraftExtra<'a>,
}

impl<'a> Draft<'a> {
    pub(super) fn any() -> Self {
        Self {
            kinds: Kinds::ALL,
            among: None,
            range: Range::ALL,
            lengths: (0, usize::MAX),
            prefix: Vec::new(),
            rest: Vec::new(),
            sizes: (0, usize::MAX),
            properties: BTreeMap::new(),
            required: BTreeSet::new(),
            patterns: Vec::new(),
            extra: DraftExtra::Absent,
        }
    }

    /// Reads the keywords except alternatives and references.
    fn read(schema: &'a Map<String, Value>) -> Self {
        let mut draft = Self::any();
        draft.kinds = kinds(schema);
        draft.among = match (schema.get("const"), schema.get("enum")) {
            (Some(only), _) => Some(vec![only]),
            (None, Some(Value::Array(values))) => Some(values.iter().collect()),
            _ => None,
        };
        draft.range = range(schema);
        draft.lengths = limits(schema, "minLength", "maxLength");
        draft.sizes = limits(schema, "minItems", "maxItems");
        if let Some(Value::Array(prefix)) = schema.get("prefixItems") {
            draft.prefix = prefix.iter().map(|item| vec![item]).collect();
        }
        match schema.get("items") {
            Some(Value::Bool(false)) => draft.sizes.1 = draft.sizes.1.min(draft.prefix.len()),
            Some(items) => draft.rest = vec![items],
            None => {}
        }
        draft.read_object(schema);
        draft
    }

    fn read_object(&mut self, schema: &'a Map<String, Value>) {
        if let Some(Value::Object(properties)) = schema.get("properties") {
            self.properties =
                properties.iter().map(|(key, value)| (key.as_str(), vec![value])).collect();
        }
        if let Some(Value::Array(required)) = schema.get("required") {
            self.required = required.iter().filter_map(Value::as_str).collect();
        }
        if let Some(Value::Object(patterns)) = schema.get("patternProperties") {
            self.patterns = patterns.iter().map(|(key, value)| (key.as_str(), value)).collect();
        }
        let extra =
            schema.get("additionalProperties").or_else(|| schema.get("unevaluatedProperties"));
        self.extra = match extra {
            None => DraftExtra::Absent,
            Some(Value::Bool(false)) => DraftExtra::Denied,
            Some(Value::Bool(true)) => DraftExtra::Schemas(Vec::new()),
            Some(schema) => DraftExtra::Schemas(vec![schema]),
        };
    }

    /// Merges two drafts that apply together; `None` if no value fits both.
    fn merge(&self, other: &Self) -> Option<Self> {
        let mut merged = self.clone();
        merged.kinds = Kinds(self.kinds.0 & other.kinds.0);
        merged.among = match (&self.among, &other.among) {
            (Some(left), Some(right)) => {
                Some(left.iter().filter(|value| right.contains(value)).copied().collect())
            }
            (left, right) => left.as_ref().or(right.as_ref()).cloned(),
        };
        merged.range.min = self.range.min.max(other.range.min);
        merged.range.max = self.range.max.min(other.range.max);
        merged.lengths = narrow(self.lengths, other.lengths);
        merged.sizes = narrow(self.sizes, other.sizes);
        for (at, items) in other.prefix.iter().enumerate() {
            match merged.prefix.get_mut(at) {
                Some(left) => left.extend(items),
                None => merged.prefix.push(items.clone()),
            }
        }
        merged.rest.extend(&other.rest);
        for (key, schemas) in &other.properties {
            merged.properties.entry(key).or_default().extend(schemas);
        }
        merged.required.extend(&other.required);
        merged.patterns.extend(&other.patterns);
        merged.extra = match (&self.extra, &other.extra) {
            (DraftExtra::Denied, _) | (_, DraftExtra::Denied) => DraftExtra::Denied,
            (DraftExtra::Schemas(left), DraftExtra::Schemas(right)) => {
                DraftExtra::Schemas([left.as_slice(), right].concat())
            }
            (DraftExtra::Absent, extra) | (extra, DraftExtra::Absent) => extra.clone(),
        };
        let possible = merged.kinds != Kinds(0) && merged.among.as_ref() != Some(&Vec::new());
        possible.then_some(merged)
    }
}

/// Returns the types of `type`, or those that the other keywords apply to.
fn kinds(schema: &Map<String, Value>) -> Kinds {
    match schema.get("type") {
        Some(Value::String(name)) => Kinds::named(name),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .fold(Kinds(0), |kinds, name| Kinds(kinds.0 | Kinds::named(name).0)),
        _ if ["properties", "required", "additionalProperties", "patternProperties"]
            .iter()
            .any(|keyword| schema.contains_key(*keyword)) =>
        {
            Kinds::OBJECT
        }
        _ if schema.contains_key("items") || schema.contains_key("prefixItems") => Kinds::LIST,
        _ => Kinds::ALL,
    }
}

/// Returns the range of an integer: at most 64 bits, the limit of `serde_json` values, which changes
/// consist of.
fn range(schema: &Map<String, Value>) -> Range {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let (min, max) = match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" | "uint128" => (0, u64::MAX.into()),
        "int128" => (i64::MIN.into(), u64::MAX.into()),
        _ => (i128::MIN, i128::MAX),
    };
    let bound = |keyword: &str| schema.get(keyword).and_then(integer);
    let mut range = Range { min, max };
    let above = bound("exclusiveMinimum").map(|bound| bound.saturating_add(1));
    let below = bound("exclusiveMaximum").map(|bound| bound.saturating_sub(1));
    for bound in [bound("minimum"), above].into_iter().flatten() {
        range.min = range.min.max(bound);
    }
    for bound in [bound("maximum"), below].into_iter().flatten() {
        range.max = range.max.min(bound);
    }
    range
}

/// Reads an integer, which schemars may write as `1.0` if it is a bound.
fn integer(value: &Value) -> Option<i128> {
    let float = || value.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15);
    #[expect(clippy::cast_possible_truncation, reason = "it is an integer below 2^53")]
    let whole = || float().map(|float| float as i128);
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from)).or_else(whole)
}

fn limits(schema: &Map<String, Value>, min: &str, max: &str) -> (usize, usize) {
    let limit = |keyword: &str| usize::try_from(schema.get(keyword)?.as_u64()?).ok();
    (limit(min).unwrap_or(0), limit(max).unwrap_or(usize::MAX))
}

fn narrow(left: (usize, usize), right: (usize, usize)) -> (usize, usize) {
    (left.0.max(right.0), left.1.min(right.1))
}

/// Expands schemas into alternatives.
pub(super) struct Expander<'a> {
    root: &'a Value,
    /// Schemas that are being expanded, to detect those that refer to themselves.
    open: Vec<*const Value>,
}

impl<'a> Expander<'a> {
    /// The maximum number of alternatives. A schema with more accepts anything.
    const MOST: usize = 4_096;

    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, open: Vec::new() }
    }

    /// Returns the alternatives of schemas that apply together.
    pub(super) fn expand_all(
        &mut self,
        schemas: &[&'a Value],
    ) -> Result<Vec<Draft<'a>>, SchemaError> {
        let mut drafts = vec![Draft::any()];
        for schema in schemas {
            drafts = cross(&drafts, &self.expand(schema)?);
        }
        Ok(drafts)
    }

    fn expand(&mut self, schema: &'a Value) -> Result<Vec<Draft<'a>>, SchemaError> {
        let map = match schema {
            Value::Bool(true) => return Ok(vec![Draft::any()]),
            Value::Bool(false) => return Ok(Vec::new()),
            Value::Object(map) => map,
            found => return Err(SchemaError::NotASchema { found: found.to_string() }),
        };
        if self.open.contains(&std::ptr::from_ref(schema)) {
            return Ok(vec![Draft::any()]);
        }
        self.open.push(schema);
        let mut drafts = vec![Draft::read(map)];
        if let Some(reference) = map.get("$ref").and_then(Value::as_str)
            && let Some(target) = self.resolve(reference)?
        {
            drafts = cross(&drafts, &self.expand(target)?);
        }
        if let Some(Value::Array(all)) = map.get("allOf") {
            for schema in all {
                drafts = cross(&drafts, &self.expand(schema)?);
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(schemas)) = map.get(keyword) {
                let mut alternatives = Vec::new();
                for schema in schemas {
                    alternatives.extend(self.expand(schema)?);
                }
                drafts = cross(&drafts, &alternatives);
            }
        }
        self.open.pop();
        Ok(drafts)
    }

    /// Returns the schema that a reference points to, or `None` if it is in another document.
    fn resolve(&self, reference: &str) -> Result<Option<&'a Value>, SchemaError> {
        let Some(fragment) = reference.strip_prefix('#') else { return Ok(None) };
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return Ok(None);
        }
        let unresolved = || SchemaError::Unresolved { reference: reference.to_owned() };
        let pointer = percent_decode_str(fragment).decode_utf8_lossy();
        self.root.pointer(&pointer).map(Some).ok_or_else(unresolved)
    }
}

fn cross<'a>(left: &[Draft<'a>], right: &[Draft<'a>]) -> Vec<Draft<'a>> {
    if left.len().saturating_mul(right.len()) > Expander::MOST {
        return vec![Draft::any()];
    }
    left.iter().flat_map(|left| right.iter().filter_map(|right| left.merge(right))).collect()
}
