//! The path of the `burdock` crate, and the hash of names.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Returns the path of burdock. Defaults to `::burdock`; `crate = path` overrides it.
pub(crate) fn burdock(path: Option<&syn::Path>) -> TokenStream {
    path.map_or_else(|| quote!(::burdock), ToTokens::to_token_stream)
}

/// Returns the hash of a name, which represents it in types: 64-bit FNV-1a, as `burdock::graph::name_hash`.
pub(crate) fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
