//! Serde's attributes on fields keep their meaning.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

mod number {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&number.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Cache;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Chat {
    #[serde(with = "number")]
    pub with: u32,
    #[serde(skip)]
    pub cache: Cache,
    #[serde(rename(serialize = "other", deserialize = "else"), alias = "other")]
    pub renamed: String,
    #[serde(rename(serialize = "half"))]
    #[serde(rename(deserialize = "half"))]
    pub split: u32,
    #[serde(default = "three", alias = "third", alias = "3")]
    pub defaulted: u32,
    #[serde(serialize_with = "number::serialize", deserialize_with = "number::deserialize")]
    pub both: u32,
    #[serde(skip_serializing_if = "Slot::is_unset", alias = "old")]
    pub slot: Slot<String>,
    #[serde(skip)]
    pub skipped: Slot<Cache>,
}

trait Unset {
    fn is_unset(&self) -> bool;
}

impl<T> Unset for Slot<T> {
    fn is_unset(&self) -> bool {
        !self.is_set()
    }
}

fn three() -> u32 {
    3
}

#[action(state = Chat, reads(with, cache, renamed), writes(with, cache, slot, skipped))]
async fn work(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes {
        with: chat.with + 1,
        cache: chat.cache.clone(),
        slot: chat.renamed.clone(),
        skipped: Cache,
    })
}

graph! {
    Main(Chat) {
        nodes { work }
        start work;
        work -> pause work;
    }
}
