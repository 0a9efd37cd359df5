//! A graph has a state.

use burdock::prelude::*;

graph! {
    Main { //~ Main
        nodes { ask }
        start ask;
        ask -> end;
    }
}

fn main() {}
