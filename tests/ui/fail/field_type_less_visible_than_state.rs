//! The type of a field is as visible as its state.

mod memory {
    use burdock::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, Default, Serialize, Deserialize)]
    struct Secret;

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Chat {
        secret: Secret, //~ Secret
    }
}

fn main() {}
