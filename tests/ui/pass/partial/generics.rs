//! Type parameters, constants, bounds.
#![deny(warnings, missing_docs, unused)]

use burdock_llm::{Grown, Partial};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt::Debug, marker::PhantomData};

/// A page of anything.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Page<T, const N: usize = 1>
where
    T: Debug,
{
    /// The items.
    pub items: Vec<T>,
    /// The next page.
    pub next: Option<Box<Page<T, N>>>,
}

/// A value that appears when it is complete.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(bound = "T: Clone + Debug + Serialize + DeserializeOwned")]
pub struct Whole<T> {
    /// The value.
    #[partial(done)]
    pub value: T,
}

/// A type parameter without a value.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Typed<T: Debug, Unit> {
    /// The value.
    pub value: T,
    #[serde(skip)]
    unit: PhantomData<Unit>,
}

/// An enum.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(untagged)]
pub enum Either<A, B> {
    /// One.
    Left(A),
    /// The other.
    Right(B),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Foreign;

#[derive(Clone, Debug)]
struct Metre;

#[test]
fn it_runs() {
    assert!(Grown::<Page<String>>::new().partial().is_none());
    assert!(Grown::<Whole<Foreign>>::new().partial().is_none());
    assert!(Grown::<Typed<f64, Metre>>::new().partial().is_none());
    let typed: Option<TypedPartial<f64>> = None;
    assert!(typed.and_then(|typed| typed.value).is_none());
    let _ = Typed { value: 1.0, unit: PhantomData::<Metre> }.unit;
}
