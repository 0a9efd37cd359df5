//! Inputs that cannot be read back from the log are rejected, and do not change the session.

use crate::numbers::send;
use burdock::{log::MemoryLog, prelude::*};
use burdock_serve::Server;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A type that serde writes with numbers as keys, and does not read in that form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Score {
    None,
    ByNumber {
        #[serde(deserialize_with = "pairs")]
        scores: BTreeMap<u32, u8>,
    },
}

/// Deserializes pairs, which is not the form that is written.
fn pairs<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<u32, u8>, D::Error> {
    Ok(Vec::<(u32, u8)>::deserialize(from)?.into_iter().collect())
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Board {
    #[state(public)]
    given: Vector<Value>,
}

#[action(state = Board, reads(given), writes(given))]
async fn keep(board: Reads<'_>, #[input] value: Value, #[input] score: &Score) -> Result<Writes> {
    let _ = score;
    let mut given = board.given.clone();
    given.push_back(value);
    Ok(Writes { given })
}

graph! {
    Keeping(Board) {
        inputs { value: Value, score: Score }
        nodes { keep }
        start keep;
        keep -> pause;
    }
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[tokio::test]
async fn inputs_that_cannot_be_read_back_are_rejected() {
    let routes = Server::builder(MemoryLog::new(), |_| Keeping::app()).build().router();
    let post = async |value: &str, score: &str| {
        let body = format!(r#"{{"value":{value},"score":{score}}}"#);
        send(&routes, "POST", "/sessions/a/runs?if_running=wait", body).await
    };
    let none = r#"{"kind":"None"}"#;
    let pairs = r#"{"kind":"ByNumber","scores":[[1,2]]}"#;
    assert_eq!(post("0", none).await.0, 200);
    for (value, score, reason) in [
        (nested(101), none, "it has more than 100 levels at `value["),
        (nested(120), none, "it has more than 100 levels at `value["),
        (
            "0".into(),
            pairs,
            "it cannot be read back: invalid type: map, expected a sequence at `score",
        ),
    ] {
        let (status, text) = post(&value, score).await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, problem["code"].as_str()), (422, Some("invalid_inputs")), "{text}");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{text}");
        let (status, _) = send(&routes, "GET", "/sessions/a", String::new()).await;
        assert_eq!(status, 200);
    }
    // one more level is that of the list in the state
    assert_eq!(post(&nested(99), none).await.0, 200);
    let (_, text) = send(&routes, "GET", "/sessions/a", String::new()).await;
    let session: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(session["state"]["given"].as_array().unwrap().len(), 2);
}
