//! The items that macro expansions name. It is not part of the public API and may change at any time.
//!
//! An item that only expansions name has no other public path: its module is private to the crate, and
//! it is imported here from the file that defines it. A test (`tests/tests/order.rs`) enforces this.

pub use crate::{
    __entry as entry, __inputs as inputs, __node_methods as node_methods, __nodes as nodes,
    __scope as scope, __tables as tables, __written as written,
};

// named by expansions and by users
pub use crate::{
    action::{
        Action, ActionError, ActionInfo, Attempt, Collect, Context, Failure, HasInput, HasResource,
        Missing, NeedInfo, NoReads, ParamInfo, Scope, UnsetSlot, Writes,
    },
    graph::{
        BindingInfo, BoundParam, ChildInfo, Edge, EdgeEnd, EdgeKind, Graph, Next, Node, NodeInfo,
        Topology, name_hash,
    },
    log::GraphMark,
    run::{AppBuilder, Provided, Sub, Within},
    state::{
        FieldInfo, FieldPatches, FieldSet, Migration, Patch, PatchFailed, State, StateFields,
        UNKNOWN, index_of,
    },
    stream::{Items, NoItems, Yielder, Yields},
};

// named only by expansions
pub use crate::{
    action::{
        args::{AsResource, OwnedResource, ReadsResult, bound, given, own_resource},
        debug::{DebugFallback, DebugField},
        mapped::Mapped,
        thread::{ThreadYielder, on_thread},
    },
    graph::{
        child::{AsGraph, is_graph},
        decision::{Decision, check_set},
        facts::{
            ActionFacts, FallbackFacts, FallbackFit, FallbackRunner, NodeAction, all_differ, bind,
            check_state, retry, timeout,
        },
        fit::{check_items, check_needs, check_over},
        flow::{
            Checked, Declared, Fact, check_condition, check_error_condition, check_input,
            check_node, check_resource, check_yields, node_infos,
        },
        names::deserialize_node,
        policy::Policy,
        runner::{NodeRunner, StepResult},
    },
    run::sub::start::{ChildResources, CloneResource},
    sealed::Sealed,
    state::{
        field::{
            Field, FieldKind, IsSlot, NamedField, NotSlot, Plain, PlainField, Slotted, Stored,
            Value, WithFields, check_field, check_slot, has_fields, is_derived, is_shared,
            json_with, patch_with,
        },
        fields::known_of,
        patch::{Patches, PlainPatch, check_omitted, unwritten_slot, whole_patch},
        read_back::{Elements, FallbackElements, FallbackReadBack, ReadBack, check_patch, dropped},
        schema::{FallbackSchema, SchemaOf},
        version::{Migrated, migrated},
    },
    stream::yielder::Convert,
};

/// The traits whose methods a graph calls, without their names.
pub mod graph_traits {
    pub use super::{
        FallbackFacts as _, FallbackFit as _, FallbackReadBack as _, FallbackRunner as _,
        FallbackSchema as _, PlainField as _,
    };
}

pub use serde;
pub use serde_json;
