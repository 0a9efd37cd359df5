//! Sealing of the traits that only expansions implement.

/// Seals `Scope`, and with it `Graph`, `HasInput` and `HasResource`, and `Node`.
///
/// It can be named through `__private` alone; expansions and the scope of tests implement it.
pub trait Sealed {}
