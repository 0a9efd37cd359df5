//! Incomplete graphs, as an editor passes them while they are typed: few errors, and no panic.

use super::tests::{CHATBOT, compile, tokens};
use crate::half_typed::{count, prefix, without};

#[test]
fn a_half_typed_graph_has_few_errors_and_does_not_panic() {
    let all = tokens(CHATBOT);
    let total = count(all.clone());
    assert!(total > 100, "the chatbot has tokens: {total}");
    for length in 0..total {
        let errors = compile(prefix(all.clone(), &mut length.clone())).1;
        // Errors about the incomplete item, and about items that are not typed yet.
        assert!(errors.len() <= 8, "{length}: {errors:#?}");
    }
}

#[test]
fn a_half_typed_graph_expands_to_items() {
    let all = tokens(CHATBOT);
    let total = count(all.clone());
    for length in 0..total {
        for part in
            [prefix(all.clone(), &mut length.clone()), without(all.clone(), &mut length.clone())]
        {
            let items = syn::parse2::<syn::File>(super::graph(part));
            assert!(items.is_ok(), "{length}: {:?}", items.err());
        }
    }
}

#[test]
fn one_missing_token_is_at_most_one_error() {
    let all = tokens(CHATBOT);
    for index in 0..count(all.clone()) {
        let errors = compile(without(all.clone(), &mut index.clone())).1;
        assert!(errors.len() <= 1, "{index}: {errors:#?}");
    }
}
