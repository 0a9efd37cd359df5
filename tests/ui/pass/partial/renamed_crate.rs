//! The crate can have another name.
#![deny(warnings, missing_docs, unused)]

/// Re-exports.
pub mod prelude {
    pub use burdock_llm as llm;
}

use serde::{Deserialize, Serialize};

/// A story.
#[derive(Clone, Debug, Serialize, Deserialize, prelude::llm::Partial)]
#[partial(crate = crate::partial::renamed_crate::prelude::llm)]
pub struct Story {
    /// Its title.
    pub title: String,
    /// Its form.
    pub form: Form,
    /// Its place.
    #[partial(done)]
    pub place: Place,
}

/// A form.
#[derive(Clone, Debug, Serialize, Deserialize, prelude::llm::Partial)]
#[partial(crate = prelude::llm)]
pub enum Form {
    /// In prose.
    Prose,
    /// In verse.
    Verse,
}

/// A place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place;
