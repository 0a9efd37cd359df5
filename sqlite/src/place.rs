//! Where an entry is in the table of all entries.

use burdock::log::Offset;
use std::ops::Range;

const OFFSET_BITS: u32 = 35;

/// How many entries a session may have.
pub(crate) const OFFSETS: u64 = 1 << OFFSET_BITS;

/// How many sessions may be made.
const NUMBERS: i64 = 1 << (63 - OFFSET_BITS);

/// The number of a session: what its entries begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) i64);

impl Number {
    pub(crate) fn is_possible(self) -> bool {
        (1..NUMBERS).contains(&self.0)
    }

    /// Where an offset is; one that no session reaches is behind all of them.
    pub(crate) fn place(self, offset: Offset) -> i64 {
        (self.0 << OFFSET_BITS) + offset.0.min(OFFSETS).cast_signed()
    }

    pub(crate) fn places(self) -> Range<i64> {
        self.place(Offset(0))..self.place(Offset(OFFSETS))
    }
}

pub(crate) fn offset(place: i64) -> Offset {
    Offset(place.cast_unsigned() & (OFFSETS - 1))
}
