//! Runtime of the expansion of `#[derive(Partial)]`.

mod done;
mod enums;
mod fields;
mod write;

pub use self::{
    done::{DoneValue, grow_done, read_done, same_done, write_done},
    enums::{
        Candidate, Step, adjacent, body, external, grow_untagged, internal, read_complete,
        read_internal, read_untagged, step_adjacent, step_external, step_internal, step_untagged,
        unknown_variant,
    },
    fields::{
        Keys, any_of, array, grow, grow_element, grow_field, grow_flat, grow_whole, keys_of,
        object, owner, position, read, read_element, read_field, read_flat, read_state, read_whole,
        same, unit, unknown,
    },
    write::{
        Body, WriteBody, not_an_object, start_list, start_object, write_element, write_field,
        write_flat, write_inner, write_object, write_state,
    },
};
pub use super::Grow;
pub use burdock_json::{Edit, Segment};
pub use serde;
pub use serde_json::{Error as JsonError, Value, to_value, value::Serializer as ValueSerializer};
