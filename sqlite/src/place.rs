//! The `place` column: primary keys of the `entries` table.

use burdock::log::Offset;
use std::ops::Range;

const OFFSET_BITS: u32 = 35;

/// Maximum number of entries of a session.
pub(crate) const OFFSETS: u64 = 1 << OFFSET_BITS;

/// Upper bound of session numbers.
const NUMBERS: i64 = 1 << (63 - OFFSET_BITS);

/// The number of a session: the high bits of the places of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionNumber(pub(crate) i64);

impl SessionNumber {
    pub(crate) fn is_valid(self) -> bool {
        (1..NUMBERS).contains(&self.0)
    }

    /// Returns the place of an offset. Offsets out of range are placed after all entries of the
    /// session.
    pub(crate) fn place(self, offset: Offset) -> i64 {
        (self.0 << OFFSET_BITS) + offset.0.min(OFFSETS).cast_signed()
    }

    /// Returns the places of all entries of the session.
    pub(crate) fn places(self) -> Range<i64> {
        self.place(Offset(0))..self.place(Offset(OFFSETS))
    }
}

pub(crate) fn offset(place: i64) -> Offset {
    Offset(place.cast_unsigned() & (OFFSETS - 1))
}
