//! The macros that yield, outside of a streaming action.
//!
//! `#[streaming_action]` replaces their calls before names are resolved, so that these macros are expanded only where
//! a call cannot work.

/// Yields one item of a streaming action, and suspends it until the consumer has taken the item.
///
/// The value is a [`Flow`](crate::Flow). [`#[streaming_action]`](macro@crate::streaming_action) replaces the call;
/// anywhere else it is a compile error.
///
/// ```
/// use burdock::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # pub struct Count {}
///
/// #[streaming_action(state = Count, yields(u32))]
/// async fn count() -> Result<Writes> {
///     for number in 1..=3 {
///         if yield_!(number).is_stop() {
///             break;
///         }
///     }
///     Ok(Writes {})
/// }
///
/// # futures::executor::block_on(async {
/// let (items, _) = count::test(&Count::default()).await;
/// assert_eq!(items, [1, 2, 3]);
/// # });
/// ```
#[macro_export]
macro_rules! yield_ {
    ($($item:tt)*) => {
        ::core::compile_error!(
            "`yield_!` outside of a streaming action\nhelp: write `#[streaming_action(…, yields(Type))]` above the function"
        )
    };
}

/// Yields the items of a stream, until it ends or a stop is requested.
///
/// The argument is a [`Stream`](futures_core::Stream) of items, and in a blocking action an iterator. The value is a
/// [`Flow`](crate::Flow). The items may also be results: the value is then a `Result<Flow, E>`, and the first error
/// ends the forwarding. A stop does not wait for the next item of the stream, which is dropped. Like
/// [`yield_!`](crate::yield_), it is a compile error outside of a streaming action.
///
/// ```
/// use burdock::prelude::*;
/// use futures::stream;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(State, Clone, Default, Serialize, Deserialize)]
/// # pub struct Count {}
///
/// #[streaming_action(state = Count, yields(u32))]
/// async fn count() -> Result<Writes> {
///     yield_from!(stream::iter([1, 2]));
///     yield_from!(stream::iter(["3", "x", "5"]).map(str::parse::<u32>))?;
///     Ok(Writes {})
/// }
/// # use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let (items, writes) = count::test(&Count::default()).await;
/// assert_eq!(items, [1, 2, 3]);
/// assert!(writes.is_err());
/// # });
/// ```
#[macro_export]
macro_rules! yield_from {
    ($($items:tt)*) => {
        ::core::compile_error!(
            "`yield_from!` outside of a streaming action\nhelp: write `#[streaming_action(…, yields(Type))]` above the function"
        )
    };
}
