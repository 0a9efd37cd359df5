//! Incomplete graphs, as an editor passes them while they are typed: few errors, and no panic.

use super::tests::{CHATBOT, compile, tokens};
use crate::half_typed::{count, prefix, repeated, without};

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
fn one_missing_or_doubled_token_has_few_errors() {
    let all = tokens(CHATBOT);
    for index in 0..count(all.clone()) {
        // a doubled word is an error of its own, beside that of the missing comma
        for (times, at_most) in [(0, 1), (2, 2)] {
            let faulty = repeated(all.clone(), &mut index.clone(), times);
            let errors = compile(faulty.clone()).1;
            assert!(errors.len() <= at_most, "{faulty}\n{errors:#?}");
        }
    }
}
