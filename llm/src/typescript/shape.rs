//! TypeScript types as data.

use serde_json::Number;

/// Index of a declaration in the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DeclarationId(pub(super) usize);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    /// `unknown`, with the reason if the schema has an unsupported part.
    Unknown(Option<String>),
    Never,
    String,
    Number,
    /// An integer that may exceed the range of JavaScript's numbers: `Integer` of the client.
    Integer,
    Boolean,
    Null,
    Literal(Literal),
    Reference(DeclarationId),
    /// The partial form of a declaration.
    PartialReference(DeclarationId),
    List(Box<Type>),
    Tuple(Tuple),
    Object(Object),
    Union(Vec<Member>),
    Intersection(Vec<Type>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    String(String),
    Number(Number),
    Boolean(bool),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tuple {
    pub(super) items: Vec<Type>,
    /// The number of `items` that are always present.
    pub(super) required: usize,
    /// The type of elements after `items`.
    pub(super) rest: Option<Box<Type>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Object {
    pub(super) properties: Vec<Property>,
    /// The type of all other properties.
    pub(super) rest: Option<Box<Type>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Property {
    pub(super) key: String,
    pub(super) ty: Type,
    pub(super) presence: Presence,
    pub(super) docs: Docs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// One alternative of a union.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) ty: Type,
    pub(super) docs: Docs,
}

/// The documentation of a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Docs {
    pub(super) text: String,
    pub(super) is_deprecated: bool,
}

impl Docs {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && !self.is_deprecated
    }
}

impl Type {
    /// Returns the union of these types: flat, without duplicates, `null` last.
    pub(super) fn union(members: impl IntoIterator<Item = Member>) -> Self {
        let mut flat: Vec<Member> = Vec::new();
        for member in members {
            match member.ty {
                Self::Union(inner) if member.docs.is_empty() => flat.extend(inner),
                Self::Never => {}
                ty => flat.push(Member { ty, ..member }),
            }
        }
        if flat.iter().any(|member| matches!(member.ty, Self::Unknown(None))) {
            return Self::Unknown(None);
        }
        let (nulls, others): (Vec<_>, Vec<_>) =
            flat.into_iter().partition(|member| member.ty == Self::Null);
        let mut members: Vec<Member> = Vec::new();
        for member in others.into_iter().chain(nulls) {
            if members.iter().all(|known| known.ty != member.ty) {
                members.push(member);
            }
        }
        match members.len() {
            0 => Self::Never,
            1 => members.swap_remove(0).ty,
            _ => Self::Union(members),
        }
    }

    /// Returns the intersection of these types.
    pub(super) fn intersection(mut parts: Vec<Self>) -> Self {
        if parts.len() > 1 {
            // an object without constraints adds nothing
            parts.retain(|part| *part != Self::Unknown(None) && *part != Self::any_object());
        }
        match parts.len() {
            0 => Self::Unknown(None),
            1 => parts.swap_remove(0),
            _ => Self::Intersection(parts),
        }
    }

    pub(super) fn any_object() -> Self {
        let rest = Some(Box::new(Self::Unknown(None)));
        Self::Object(Object { properties: Vec::new(), rest })
    }
}

impl From<Type> for Member {
    fn from(ty: Type) -> Self {
        Self { ty, docs: Docs::default() }
    }
}
