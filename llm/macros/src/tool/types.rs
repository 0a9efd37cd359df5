//! Types of arguments, as fields of structs: a signature elides lifetimes that a struct has to name.

use proc_macro2::Span;
use syn::{
    Lifetime, Type, TypeImplTrait, TypeReference,
    visit_mut::{self, VisitMut},
};

/// Finds what a field cannot have.
#[derive(Default)]
pub(super) struct Inspected {
    /// The first `impl Trait`.
    pub(super) generic: Option<Type>,
    /// Whether the type borrows for a lifetime other than `'static`.
    pub(super) borrows: bool,
}

impl Inspected {
    /// Inspects a type.
    pub(super) fn of(ty: &Type) -> Self {
        let mut inspected = Self::default();
        inspected.visit_type_mut(&mut ty.clone());
        inspected
    }
}

impl VisitMut for Inspected {
    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        self.generic.get_or_insert_with(|| Type::ImplTrait(ty.clone()));
    }

    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        self.borrows |= ty.lifetime.is_none();
        visit_mut::visit_type_reference_mut(self, ty);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        self.borrows |= lifetime.ident != "static";
    }
}

/// Names the elided lifetimes of a resource.
struct Named(Lifetime);

impl VisitMut for Named {
    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        ty.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, ty);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.0.clone();
        }
    }
}

/// Returns the type of a resource as a field of a struct with the lifetime `'tool`.
pub(super) fn field_type(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Named(Lifetime::new("'tool", Span::mixed_site())).visit_type_mut(&mut ty);
    ty
}

/// Returns the type without the invisible group around a variable of `macro_rules!`.
pub(super) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}
