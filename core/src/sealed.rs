//! The supertrait that seals traits which only expansions implement.

/// Seals `Scope` and its subtraits `Graph`, `HasInput` and `HasResource`, and `Node`.
///
/// Its only path is through `__private`. Expansions and the scope of tests implement it.
pub trait Sealed {}
