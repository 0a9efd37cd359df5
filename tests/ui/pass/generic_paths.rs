//! The path of an action can have generic arguments.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u64,
    pub text: Slot<String>,
}

pub mod steps {
    use super::Chat;
    use burdock::action::{ActionInfo, Attempt, UnsetSlot, Writes};
    use burdock::{prelude::*, state::set_of, stream::NoItems};
    use std::marker::PhantomData;

    /// Adds the size of a type, `N` times.
    pub struct Add<T, const N: u64 = 1>(PhantomData<T>);

    pub struct Count(u64);

    #[derive(Default)]
    pub struct Params<T> {
        pub plus: Option<T>,
    }

    impl Writes for Count {
        type State = Chat;
        type Undo = u64;

        fn apply(self, state: &mut Chat) -> u64 {
            std::mem::replace(&mut state.count, self.0)
        }

        fn undo(undo: u64, state: &mut Chat) {
            state.count = undo;
        }

        fn of(state: &Chat) -> Self {
            Count(state.count)
        }
    }

    impl<T: Default + Into<u64> + Send + 'static, const N: u64> Action for Add<T, N> {
        type State = Chat;
        type Reads<'a> = u64;
        type Args<'a> = ();
        type Params = Params<T>;
        type Writes = Count;
        type Yields = NoItems;
        const INFO: ActionInfo = ActionInfo::new("Add")
            .reads(set_of(Chat::FIELDS, &["count"]))
            .writes(set_of(Chat::FIELDS, &["count"]))
            .params(&[burdock::action::ParamInfo::optional(
                "plus",
                burdock::graph::name_hash("plus"),
            )]);

        fn reads(state: &Chat) -> std::result::Result<u64, UnsetSlot> {
            Ok(state.count)
        }

        async fn run(attempt: Attempt<'_, Self>) -> Result<Count> {
            let plus = attempt.params.plus.unwrap_or_default().into();
            Ok(Count(attempt.reads + N * size_of::<T>() as u64 + plus))
        }
    }
}

use steps::Add;

graph! {
    Main(Chat) {
        nodes {
            small: steps::Add::<u8>,
            again: steps::Add<u8>,
            large: Add::<u64, 3> { plus: 100 },
        }
        start small;
        small -> again;
        again -> large;
        large -> end;
    }
}

#[test]
fn the_path_of_an_action_can_have_generic_arguments() {
    let topology = Main::TOPOLOGY;
    let actions: Vec<&str> = topology.nodes.iter().map(|node| node.action).collect();
    assert_eq!(actions, ["steps::Add::<u8>", "steps::Add::<u8>", "Add::<u64, 3>"]);
    let app = futures::executor::block_on(async {
        let mut app = Main::app().build().await.unwrap();
        app.run(MainInputs::default()).await.unwrap();
        app.state().count
    });
    assert_eq!(app, 1 + 1 + 3 * 8 + 100);
}
