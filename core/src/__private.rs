//! What expansions call; no promise is made about any of it.

#[doc(hidden)]
pub use crate::sealed::Sealed;
#[doc(hidden)]
pub use crate::{
    __entry as entry, __inputs as inputs, __nodes as nodes, __scope as scope, __tables as tables,
    __visits as visits, __written as written,
};
#[doc(hidden)]
pub use crate::{
    action::{
        Action, ActionError, ActionInfo, Call, Collect, Context, Failure, HasInput, HasResource,
        Held, Hold, Mapped, Missing, NeedInfo, NoReads, NotShown, ParamInfo, Scope, Shown,
        ThreadYielder, UnsetSlot, Writes, bound, given, hold, on_thread,
    },
    graph::*,
    log::GraphMark,
    run::{AppBuilder, Provided},
    state::{
        Elements, Field, FieldInfo, FieldPatches, FieldSet, IsNoSlot, IsSlot, Migration,
        NoElements, NoReadBack, NoSchema, Patch, PatchFailed, Patches, Plain, PlainField,
        PlainPatch, ReadBack, SchemaOf, Slotted, State, Stored, UNKNOWN, Value, WithFields,
        check_field, check_left_out, check_patch, check_slot, dropped, has_fields, index_of,
        json_with, migrated, patch_with, set_of, to_json, unwritten_slot, whole_patch,
    },
    stream::{Items, NoItems, Yielder, Yields},
};
pub use serde;
pub use serde_json;
