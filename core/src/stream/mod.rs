//! The path of an item from `yield_!` to its consumer, and of a stop in the other direction.
//!
//! ```text
//! action ──yield_!──▶ Yielder ──▶ one-item slot ──▶ Run ──▶ consumer
//!                        ◀── Flow::Stop ── Control ◀── Stopper
//! ```
//! The slot holds one item: an action that yields is suspended until the consumer has taken it.

mod calls;
mod context;
mod control;
mod forward;
mod home;
mod outside;
mod reserved;
mod slot;
pub(crate) mod yielder;

pub(crate) use self::context::AbandonGuard;
pub use self::context::Context;
pub use self::control::{Stopped, Stopper};
pub use self::forward::{ForwardIterator, ForwardStream};
pub(crate) use self::yielder::Convert;
pub use self::yielder::{Emit, Flow, Items, NoItems, Yielder, Yielding, Yields};

pub(crate) use self::calls::{CallStart, NewCall, NewChild, NotStored, Serial};
pub(crate) use self::control::{
    Committing, Control, GRACE_PERIOD, Subscription, Threads, Wait, WaitKey,
};
pub(crate) use self::home::Home;
pub(crate) use self::reserved::{PlaceUse, TransactionEnd};
pub(crate) use self::slot::{KnownWaker, SlotReceiver, SlotSender, one_item_slot};
