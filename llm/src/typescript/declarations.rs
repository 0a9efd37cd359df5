//! A module of declarations.

use super::{
    document::{Document, Part, ROOT},
    marked::Walk,
    names::Names,
    partial::{Marks, Partials},
    read::{self, Reader},
    shape::{DeclarationId, Docs, Type},
    write::Writer,
};
use burdock_json::{Mark, Schema};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Declarations of TypeScript types. `Display` writes them as a module.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    names: Names,
    all: Vec<Declaration>,
}

#[derive(Clone, Debug)]
pub(super) struct Declaration {
    name: String,
    partial_name: String,
    docs: Docs,
    ty: Type,
    marks: Marks,
    /// Whether it was added by name, not only as a dependency of another declaration.
    is_root: bool,
    /// The schema that it was read from.
    pub(super) source: Source,
}

/// A schema, and the declarations that its references point to.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) schema: Value,
    pub(super) references: BTreeMap<String, DeclarationId>,
}

impl Declarations {
    /// Creates an empty module.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a type by its JSON Schema, and the types in `$defs`. A type that was added before with the
    /// same name and schema is not added again; another type of the same name gets a numbered name.
    pub fn add(&mut self, name: &str, schema: &Value) -> &mut Self {
        let document = Document::new(name, schema);
        let shared = document.shared(&self.all);
        let ids = shared.iter().scan(self.all.len(), |next, shared| {
            Some(shared.unwrap_or_else(|| {
                *next += 1;
                DeclarationId(*next - 1)
            }))
        });
        let ids: Vec<_> = ids.collect();
        let references = document.references(&ids);
        for ((part, shared), id) in document.parts.iter().zip(&shared).zip(&ids) {
            let is_root = part.reference == ROOT;
            if shared.is_some() {
                self.all[id.0].is_root |= is_root;
            } else {
                let declaration = self.declaration(part, &references, is_root);
                self.all.push(declaration);
            }
        }
        self
    }

    /// Adds a type by its JSON Schema, with the marks of the compiled form of that schema.
    pub fn add_marked(&mut self, name: &str, schema: &Value, marked: &Schema) -> &mut Self {
        self.add(name, schema);
        let root = self.all.iter().rposition(|one| one.source.name == name && one.is_root);
        let found = root.map(|root| Walk::new(marked, &self.all).from(DeclarationId(root)));
        for (id, key, mark) in found.into_iter().flatten() {
            self.all[id.0].mark(&key, mark);
        }
        self
    }

    /// Marks a property of a declared type, by its key in JSON. Returns whether the type has it.
    ///
    /// Properties of a flattened struct belong to the type that it is flattened into, and those of an
    /// enum's variants to the enum.
    pub fn mark(&mut self, name: &str, key: &str, mark: Mark) -> bool {
        let Some(declaration) = self.all.iter_mut().find(|one| one.name == name) else {
            return false;
        };
        let has_key = has_property(&declaration.ty, key);
        if has_key {
            declaration.mark(key, mark);
        }
        has_key
    }

    fn declaration(
        &mut self,
        part: &Part<'_>,
        references: &BTreeMap<String, DeclarationId>,
        is_root: bool,
    ) -> Declaration {
        let name = self.names.take(part.name);
        Declaration {
            partial_name: self.names.take(&format!("{name}Partial")),
            name,
            docs: read::docs(&part.schema),
            ty: Reader { references }.read(&part.schema),
            marks: Marks::new(),
            is_root,
            source: Source {
                name: part.name.to_owned(),
                schema: part.schema.clone(),
                references: references.clone(),
            },
        }
    }

    /// Returns the partial form of each declaration, or `None` if it is the same type.
    fn partials(&self) -> Vec<Option<Type>> {
        let mut partials = vec![None; self.all.len()];
        loop {
            let mut next = Vec::with_capacity(partials.len());
            for declaration in &self.all {
                let differs = |id: DeclarationId| partials.get(id.0).is_some_and(Option::is_some);
                let partial = Partials { marks: &declaration.marks, differs: &differs };
                next.push(Some(partial.of(&declaration.ty)).filter(|ty| *ty != declaration.ty));
            }
            if next == partials {
                return partials;
            }
            partials = next;
        }
    }
}

impl Declaration {
    fn mark(&mut self, key: &str, mark: Mark) {
        let marks = self.marks.entry(key.to_owned()).or_default();
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    }
}

impl fmt::Display for Declarations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partials = self.partials();
        let named = |id: DeclarationId| self.all.get(id.0);
        let name = |id| named(id).map_or("unknown", |one| &one.name);
        let partial_name = |id| named(id).map_or("unknown", |one| &one.partial_name);
        let mut writer = Writer { name: &name, partial_name: &partial_name, uses_integer: false };
        let mut texts = Vec::new();
        for (at, (one, partial)) in self.all.iter().zip(&partials).enumerate() {
            texts.push(writer.declaration(&one.name, &one.docs, &one.ty));
            let same = Type::Reference(DeclarationId(at));
            if let Some(partial) = partial.as_ref().or_else(|| one.is_root.then_some(&same)) {
                let text = format!("`{}` while it arrives.", one.name);
                let docs = Docs { text, is_deprecated: one.docs.is_deprecated };
                texts.push(writer.declaration(&one.partial_name, &docs, partial));
            }
        }
        if writer.uses_integer {
            texts.insert(0, "import type { Integer } from \"@burdock/client\";\n".into());
        }
        f.write_str(&texts.join("\n"))
    }
}

/// Returns whether an object of this type may have the property, without following references.
fn has_property(ty: &Type, key: &str) -> bool {
    match ty {
        Type::Object(object) => object.properties.iter().any(|property| property.key == key),
        Type::Union(members) => members.iter().any(|member| has_property(&member.ty, key)),
        Type::Intersection(parts) => parts.iter().any(|part| has_property(part, key)),
        _ => false,
    }
}
