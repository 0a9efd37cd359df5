//! A plain function yields.

use burdock::prelude::*;

fn show(word: &str) {
    yield_!(word.to_owned()); //~ yield_!(word.to_owned())
}

fn main() {
    show("word");
}
