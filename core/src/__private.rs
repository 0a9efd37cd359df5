//! What expansions call; no promise is made about any of it.

#[doc(hidden)]
pub use crate::{
    action::{
        Action, ActionError, ActionInfo, Call, Collect, Context, Failure, HasInput, HasResource,
        Hold, Missing, ParamInfo, Scope, UnsetSlot, Writes, bound, given, hold, Held,
    },
    graph::*,
    run::{AppBuilder, Policy, Provided, Retry, StepResult, StepRun},
    state::{
        Field, FieldInfo, FieldSet, IsNoSlot, IsSlot, Patch, Plain, PlainField, PlainPatch, Slotted,
        State, Stored, UNKNOWN, UnknownField, Value, check_slot, index_of, patch_with, set_of,
    },
    stream::{Items, NoItems, ThreadYielder, Yielder, Yields, on_thread},
};
#[doc(hidden)]
pub use crate::__nodes as nodes;
pub use serde;
pub use serde_json;
