//! A graph is over a state.

use burdock::prelude::*;

graph! {
    Main { //~ Main
        nodes { ask }
        start ask;
        ask -> end;
    }
}

fn main() {}
