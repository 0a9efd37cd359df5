//! Signatures of the functions below attributes.

use crate::diagnostics::Diagnostics;
use quote::ToTokens;
use syn::{Safety, Signature};

/// Reports the qualifiers and generics that `item` cannot have: `an action`.
pub fn reject_qualifiers(
    signature: &Signature,
    item: &str,
    help: &str,
    diagnostics: &mut Diagnostics,
) {
    let mut reject = |token: &dyn ToTokens, what: &str| {
        let tokens = token.to_token_stream();
        diagnostics.error(&tokens, format!("{item} cannot be {what}")).help(help);
    };
    if let Some(token) = &signature.constness {
        reject(token, "`const`");
    }
    if !matches!(signature.safety, Safety::Default) {
        reject(&signature.safety, "`unsafe`");
    }
    if let Some(abi) = &signature.abi {
        reject(abi, "`extern`");
    }
    if !signature.generics.params.is_empty() {
        reject(&signature.generics.params, "generic");
    } else if let Some(clause) = &signature.generics.where_clause {
        reject(clause, "generic");
    }
    if let Some(token) = &signature.variadic {
        reject(token, "variadic");
    }
}
