//! Names of inputs, resources, parameters and nodes.

use serde::{Deserialize, Deserializer, de::Error};
use std::borrow::Cow;

/// Returns the hash by which graphs and actions identify inputs, resources and parameters (64-bit FNV-1a).
///
/// A const generic parameter cannot be a string, and comparing hashes keeps constant evaluation fast.
pub const fn name_hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// Reads a node by its name.
///
/// # Errors
/// Returns an error if no node of the graph has the name.
#[doc(hidden)]
pub fn deserialize_node<'de, N: Copy, D: Deserializer<'de>>(
    deserializer: D,
    graph: &str,
    names: &[&str],
    nodes: &[N],
) -> Result<N, D::Error> {
    let name = Cow::<str>::deserialize(deserializer)?;
    let found = names.iter().zip(nodes).find(|(known, _)| **known == name);
    found.map(|(_, node)| *node).ok_or_else(|| {
        D::Error::custom(format_args!(
            "the graph `{graph}` has no node `{name}`; its nodes are {}",
            names.join(", ")
        ))
    })
}
