//! JSON Schemas of the program's own types, with the feature `schemars`.

use std::{fmt, marker::PhantomData};

/// A generator of the JSON Schema of a type.
///
/// Types that implement `JsonSchema` of the crate `schemars` have a schema, if burdock's feature `schemars` is
/// enabled. Any two values compare equal, so that descriptions of fields and graphs are compared without their
/// schemas, which follow from the types.
#[derive(Clone, Copy)]
pub struct TypeSchema {
    #[cfg(feature = "schemars")]
    generate: Option<fn(&mut schemars::SchemaGenerator) -> schemars::Schema>,
}

impl TypeSchema {
    /// The value for a type without a schema.
    pub const UNKNOWN: Self = Self {
        #[cfg(feature = "schemars")]
        generate: None,
    };

    /// Generates the schema, or a reference to it if it is a definition of `generator`. Returns `None` if the
    /// type has no schema.
    #[cfg(feature = "schemars")]
    pub fn generate(self, generator: &mut schemars::SchemaGenerator) -> Option<schemars::Schema> {
        self.generate.map(|generate| generate(generator))
    }
}

impl fmt::Debug for TypeSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeSchema").finish_non_exhaustive()
    }
}

impl PartialEq for TypeSchema {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for TypeSchema {}

/// The schema of a type, if it has one.
///
/// rustc prefers an inherent item to one of a trait, and skips inherent impls whose bounds do not hold. A
/// type without `JsonSchema` therefore uses [`FallbackSchema`].
#[doc(hidden)]
#[derive(Debug)]
pub struct SchemaOf<T>(PhantomData<T>);

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> SchemaOf<T> {
    #[doc(hidden)]
    pub const SCHEMA: TypeSchema =
        TypeSchema { generate: Some(schemars::SchemaGenerator::subschema_for::<T>) };
}

/// Fallback of [`SchemaOf`] for a type without a schema.
#[doc(hidden)]
pub trait FallbackSchema {
    const SCHEMA: TypeSchema = TypeSchema::UNKNOWN;
}

impl<T> FallbackSchema for SchemaOf<T> {}

/// Implements `JsonSchema` for a type with the schema of another type that serializes in the same way.
#[cfg(feature = "schemars")]
macro_rules! described_as {
    ($(<$($parameter:ident),+> $type:ty => $other:ty;)+) => {
        $(impl<$($parameter: schemars::JsonSchema),+> schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                <$other>::inline_schema()
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                <$other>::schema_name()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                <$other>::schema_id()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$other>::json_schema(generator)
            }
        })+
    };
}

#[cfg(feature = "schemars")]
described_as! {
    <T> super::Slot<T> => Option<T>;
    <T> super::Vector<T> => Vec<T>;
    <K, V> super::OrdMap<K, V> => std::collections::BTreeMap<K, V>;
}
