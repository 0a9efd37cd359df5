//! The macros work in the output of `macro_rules!`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

macro_rules! counter {
    ($graph:ident, $state:ident, $field:ident, $action:ident, $limit:expr) => {
        #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
        pub struct $state {
            pub $field: u32,
        }

        #[action(state = $state, reads($field), writes($field))]
        async fn $action(state: Reads<'_>, by: u32) -> Result<Writes> {
            Ok(Writes { $field: state.$field + by })
        }

        graph! {
            $graph($state) {
                nodes { $action { by: $limit } }
                start $action;
                $action -> if state.$field < $limit { $action } else { end };
            }
        }
    };
}

counter!(Main, Counter, count, increment, 3);
counter!(Other, Adder, sum, add, 1 + 2);
