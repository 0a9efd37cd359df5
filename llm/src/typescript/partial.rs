//! Conversion of types to their partial forms.

use super::shape::{DeclarationId, Docs, Literal, Member, Object, Presence, Property, Tuple, Type};
use burdock_json::Mark;
use std::collections::BTreeMap;

/// Marks of the properties of one declaration, by their keys.
pub(super) type Marks = BTreeMap<String, Vec<Mark>>;

/// Converts a type to its partial form.
pub(super) struct Partials<'a> {
    pub(super) marks: &'a Marks,
    /// Whether the partial form of a declaration differs from it.
    pub(super) differs: &'a dyn Fn(DeclarationId) -> bool,
}

/// Whether an object is one of several alternatives. It then does not appear before it is decided, so
/// that its tag is always present.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    Itself,
    Alternatives,
}

impl Partials<'_> {
    pub(super) fn of(&self, ty: &Type) -> Type {
        self.partial(ty, Among::Itself)
    }

    fn partial(&self, ty: &Type, among: Among) -> Type {
        match ty {
            Type::Reference(id) if (self.differs)(*id) => Type::PartialReference(*id),
            Type::List(element) => Type::List(Box::new(self.of(element))),
            Type::Tuple(tuple) => Type::Tuple(Tuple {
                items: tuple.items.iter().map(|item| self.of(item)).collect(),
                required: 0,
                rest: tuple.rest.as_ref().map(|rest| Box::new(self.of(rest))),
            }),
            Type::Object(object) => Type::Object(Object {
                properties: object.properties.iter().map(|one| self.property(one, among)).collect(),
                rest: object.rest.as_ref().map(|rest| Box::new(self.of(rest))),
            }),
            Type::Union(members) => {
                let objects = members.iter().filter(|member| is_object(&member.ty)).count();
                let among = if objects > 1 { Among::Alternatives } else { Among::Itself };
                Type::union(members.iter().map(|member| Member {
                    ty: self.partial(&member.ty, among),
                    docs: member.docs.clone(),
                }))
            }
            Type::Intersection(parts) => {
                Type::Intersection(parts.iter().map(|part| self.partial(part, among)).collect())
            }
            other => other.clone(),
        }
    }

    fn property(&self, property: &Property, among: Among) -> Property {
        let has = |mark| self.marks.get(&property.key).is_some_and(|marks| marks.contains(&mark));
        let is_tag = among == Among::Alternatives && matches!(property.ty, Type::Literal(_));
        let is_there = property.presence == Presence::Required && is_tag;
        Property {
            ty: match &property.ty {
                ty if has(Mark::Done) => ty.clone(),
                ty if has(Mark::State) => with_state(self.of(ty)),
                ty => self.of(ty),
            },
            presence: if is_there || has(Mark::Required) {
                Presence::Required
            } else {
                Presence::Optional
            },
            ..property.clone()
        }
    }
}

fn is_object(ty: &Type) -> bool {
    matches!(ty, Type::Object(_) | Type::Reference(_) | Type::Intersection(_))
}

/// Returns `{ state: "growing" | "complete"; value?: … }`.
fn with_state(value: Type) -> Type {
    let states = ["growing", "complete"].map(|state| Type::Literal(Literal::String(state.into())));
    let property = |key: &str, ty, presence| Property {
        key: key.to_owned(),
        ty,
        presence,
        docs: Docs::default(),
    };
    let state = Type::union(states.map(Member::from));
    let properties = vec![
        property("state", state, Presence::Required),
        property("value", value, Presence::Optional),
    ];
    Type::Object(Object { properties, rest: None })
}
