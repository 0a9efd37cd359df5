//! Interleavings of items, stop and drop: `cargo xtask shuttle` runs them.
