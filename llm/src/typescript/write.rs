//! Formatting of types.

use super::{
    names::{key, quoted},
    shape::{DeclarationId, Docs, Literal, Member, Object, Presence, Tuple, Type},
};
use std::fmt::Write;

/// Objects and unions up to this many characters are written on one line.
const WIDE: usize = 72;

/// Formats types, and records whether `Integer` is used.
pub(super) struct Writer<'a> {
    pub(super) name: &'a dyn Fn(DeclarationId) -> &'a str,
    pub(super) partial_name: &'a dyn Fn(DeclarationId) -> &'a str,
    /// Whether the text uses `Integer` of the client.
    pub(super) uses_integer: bool,
}

/// The context of a type, which determines whether it needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    /// In an intersection, before `[]` or `?`.
    Tight,
}

impl Writer<'_> {
    pub(super) fn declaration(&mut self, name: &str, docs: &Docs, ty: &Type) -> String {
        let ty = match ty {
            // a top-level object is never written on one line
            Type::Object(object) => self.lines(object, 0),
            ty => self.write(ty, 0, Place::Alone),
        };
        let space = if ty.starts_with('\n') { "" } else { " " };
        format!("{}export type {name} ={space}{ty};\n", comment(docs, 0))
    }

    fn write(&mut self, ty: &Type, depth: usize, place: Place) -> String {
        match ty {
            Type::Unknown(None) => "unknown".into(),
            Type::Unknown(Some(why)) => format!("unknown /* {} */", harmless(why)),
            Type::Never => "never".into(),
            Type::String => "string".into(),
            Type::Number => "number".into(),
            Type::Integer => {
                self.uses_integer = true;
                "Integer".into()
            }
            Type::Boolean => "boolean".into(),
            Type::Null => "null".into(),
            Type::Literal(Literal::String(text)) => quoted(text),
            Type::Literal(Literal::Number(number)) => number.to_string(),
            Type::Literal(Literal::Boolean(value)) => value.to_string(),
            Type::Reference(id) => (self.name)(*id).into(),
            Type::PartialReference(id) => (self.partial_name)(*id).into(),
            Type::List(element) => format!("{}[]", self.write(element, depth, Place::Tight)),
            Type::Tuple(tuple) => self.tuple(tuple, depth),
            Type::Object(object) => self.object(object, depth),
            Type::Union(members) => self.union(members, depth, place),
            Type::Intersection(parts) => {
                let parts: Vec<_> =
                    parts.iter().map(|part| self.write(part, depth, Place::Tight)).collect();
                parenthesised(parts.join(" & "), place)
            }
        }
    }

    fn tuple(&mut self, tuple: &Tuple, depth: usize) -> String {
        let mut items = Vec::new();
        for (at, item) in tuple.items.iter().enumerate() {
            items.push(if at < tuple.required {
                self.write(item, depth, Place::Alone)
            } else {
                format!("{}?", self.write(item, depth, Place::Tight))
            });
        }
        if let Some(rest) = &tuple.rest {
            items.push(format!("...{}[]", self.write(rest, depth, Place::Tight)));
        }
        format!("[{}]", items.join(", "))
    }

    fn union(&mut self, members: &[Member], depth: usize, place: Place) -> String {
        let mut texts = Vec::new();
        for member in members {
            texts.push(self.write(&member.ty, depth + 1, Place::Alone));
        }
        let line = texts.join(" | ");
        let is_plain = members.iter().all(|member| member.docs.is_empty());
        if is_plain && line.len() <= WIDE && !line.contains('\n') {
            return parenthesised(line, place);
        }
        let mut lines = String::new();
        for (member, text) in members.iter().zip(texts) {
            let comment = comment(&member.docs, depth + 1);
            let _ = write!(lines, "\n{comment}{}| {text}", indent(depth + 1));
        }
        match place {
            Place::Alone => lines,
            Place::Tight => format!("({lines}\n{})", indent(depth)),
        }
    }

    fn object(&mut self, object: &Object, depth: usize) -> String {
        let has_docs = object.properties.iter().any(|property| !property.docs.is_empty());
        let entries = self.entries(object, depth);
        let line = format!("{{ {} }}", entries.join("; "));
        if has_docs || line.len() > WIDE || line.contains('\n') {
            return self.lines(object, depth);
        }
        line
    }

    fn lines(&mut self, object: &Object, depth: usize) -> String {
        let entries = self.entries(object, depth + 1);
        let mut text = "{\n".to_owned();
        for (at, entry) in entries.iter().enumerate() {
            let docs = object.properties.get(at).map(|property| comment(&property.docs, depth + 1));
            let docs = docs.unwrap_or_default();
            let _ = writeln!(text, "{docs}{}{entry};", indent(depth + 1));
        }
        text + &indent(depth) + "}"
    }

    fn entries(&mut self, object: &Object, depth: usize) -> Vec<String> {
        let mut entries = Vec::new();
        for property in &object.properties {
            let optional = if property.presence == Presence::Optional { "?" } else { "" };
            let ty = self.write(&property.ty, depth, Place::Alone);
            let space = if ty.starts_with('\n') { "" } else { " " };
            entries.push(format!("{}{optional}:{space}{ty}", key(&property.key)));
        }
        if let Some(rest) = &object.rest {
            let rest = self.rest(object, rest, depth);
            entries.push(format!("[key: string]: {rest}"));
        }
        entries
    }

    /// Returns the type of an index signature, which all properties must fit.
    fn rest(&mut self, object: &Object, rest: &Type, depth: usize) -> String {
        let named = object.properties.iter().map(|property| Member::from(property.ty.clone()));
        let all = Type::union(named.chain([Member::from(rest.clone())]));
        let optional = |presence| presence == Presence::Optional;
        let may_miss = object.properties.iter().any(|property| optional(property.presence));
        let text = self.write(&all, depth, Place::Alone);
        if may_miss && !matches!(all, Type::Unknown(_)) { text + " | undefined" } else { text }
    }
}

fn parenthesised(text: String, place: Place) -> String {
    if place == Place::Tight { format!("({text})") } else { text }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// Returns a doc comment and its line feed, or an empty string if there are no docs.
fn comment(docs: &Docs, depth: usize) -> String {
    let deprecated = if docs.is_deprecated { "@deprecated" } else { "" };
    let text = harmless(&docs.text);
    let lines: Vec<&str> = text.lines().chain(deprecated.lines()).map(str::trim_end).collect();
    let indent = indent(depth);
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let mut text = format!("{indent}/**\n");
            for line in lines {
                let space = if line.is_empty() { "" } else { " " };
                let _ = writeln!(text, "{indent} *{space}{line}");
            }
            text + &indent + " */\n"
        }
    }
}

/// Escapes text so that it cannot end a comment.
fn harmless(text: &str) -> String {
    text.replace("*/", "*\\/")
}
