//! A type that deserializes only from borrowed text. A value that a log accepts can be read when the session
//! is opened.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

use burdock::{log::MemoryLog, prelude::*};
use futures::executor::block_on;
use serde::{Deserialize, Deserializer, Serialize};

/// Reads its text as a `&str`, as many hand-written impls do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Borrowed(String);

impl<'de> Deserialize<'de> for Borrowed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        <&str>::deserialize(deserializer).map(|text| Self(text.to_owned()))
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Texts {
    pub text: Slot<Borrowed>,
    pub list: Vector<Borrowed>,
}

#[action(state = Texts, reads(list), writes(text, list))]
async fn write(texts: Reads<'_>, #[input] text: Borrowed) -> Result<Writes> {
    let mut list = texts.list.clone();
    list.push_back(text.clone());
    Ok(Writes { text, list })
}

#[action(state = Texts)]
async fn fail(#[input] text: Borrowed) -> Result<Writes> {
    Err(text.0.into())
}

graph! {
    pub Writing(Texts) {
        inputs { text: Borrowed }
        nodes { write, fail }
        start write;
        write -> fail;
        fail -> pause write;
    }
}

#[test]
fn values_that_deserialize_from_borrowed_text_are_restored() {
    let log = MemoryLog::new();
    let open = || block_on(Writing::app().id("s").log(log.clone()).build());
    let mut app = open().unwrap();
    let inputs = WritingInputs { text: Borrowed("a \"text\"".into()) };
    let error = block_on(app.run(inputs).into_future()).unwrap_err();
    assert!(error.to_string().contains("fail"), "{error}");
    let committed = app.state().clone();
    assert!(committed.text.is_set());
    block_on(app.close()).unwrap();
    let mut app = open().unwrap();
    assert_eq!(*app.state(), committed);
    let error = block_on(app.resume().into_future()).unwrap_err();
    assert!(error.to_string().contains("fail"), "{error}");
}
