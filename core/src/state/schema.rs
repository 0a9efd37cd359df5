//! The JSON Schemas of the program's own types, with the feature `schemars`.

use std::{fmt, marker::PhantomData};

/// Generates the JSON Schema of a type.
///
/// It knows the types that implement `JsonSchema` of the crate `schemars`, if burdock's feature `schemars` is
/// on. Any two are equal: a schema says nothing that the type does not.
#[derive(Clone, Copy)]
pub struct TypeSchema {
    #[cfg(feature = "schemars")]
    generate: Option<fn(&mut schemars::SchemaGenerator) -> schemars::Schema>,
}

impl TypeSchema {
    /// Stands for the schema of a type that has none.
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

/// Finds the schema of a type, if it has one.
///
/// rustc picks an inherent item before one of a trait, and passes over inherent impls whose bounds do
/// not hold: for a type without `JsonSchema` there is [`NoSchema`].
#[doc(hidden)]
#[derive(Debug)]
pub struct SchemaOf<T>(PhantomData<T>);

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> SchemaOf<T> {
    #[doc(hidden)]
    pub const SCHEMA: TypeSchema =
        TypeSchema { generate: Some(schemars::SchemaGenerator::subschema_for::<T>) };
}

/// What stands for [`SchemaOf`] when the type has no schema.
#[doc(hidden)]
pub trait NoSchema {
    const SCHEMA: TypeSchema = TypeSchema::UNKNOWN;
}

impl<T> NoSchema for SchemaOf<T> {}

/// Describes a type by another one that serde writes in the same way.
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
