//! A plain function yields from a stream.

use burdock::prelude::*;

fn show(word: &str) {
    yield_from!(word.split(' ')); //~ yield_from!(word.split(' '))
}

fn main() {
    show("word");
}
