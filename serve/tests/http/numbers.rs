//! Numbers that JavaScript or `serde_json` would round.

use crate::client::serve;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use burdock::{
    log::{EntryKind, Log, MemoryLog, Offset, SessionId},
    prelude::*,
};
use burdock_serve::Server;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use tower::ServiceExt as _;

/// JavaScript's `Number.MAX_SAFE_INTEGER`.
const SAFE: u64 = 9_007_199_254_740_991;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    id: u64,
    delta: i64,
    by_id: BTreeMap<u64, Vec<u64>>,
    text: String,
    weight: f64,
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Orders {
    #[state(public)]
    last: Option<Order>,
    #[state(public)]
    ids: Vector<u64>,
}

#[streaming_action(state = Orders, reads(ids), writes(last, ids), yields(Order))]
async fn keep(orders: Reads<'_>, #[input] order: Order) -> Result<Writes> {
    yield_!(order.clone());
    let mut ids = orders.ids.clone();
    ids.push_back(order.id);
    Ok(Writes { last: Some(order), ids })
}

graph! {
    pub Keep(Orders) {
        inputs { order: Order }
        yields Order;
        nodes { keep }
        start keep;
        keep -> pause;
    }
}

fn routes(log: MemoryLog) -> Router {
    Server::builder(log, |_| Keep::app()).build().router()
}

/// Sends a request, and returns the status and the text of the whole response.
pub(crate) async fn send(routes: &Router, method: &str, path: &str, body: String) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let response = routes.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn order(id: u64, delta: i64) -> Order {
    let by_id = BTreeMap::from([(id, vec![id, 1])]);
    Order { id, delta, by_id, text: format!("order {id}"), weight: 1e300 }
}

/// Returns the order as JavaScript should receive it.
fn sent(order: &Order) -> Value {
    let safe = |value: u64| if value > SAFE { json!(value.to_string()) } else { json!(value) };
    let delta = order.delta;
    let small = delta.unsigned_abs() <= SAFE;
    json!({
        "id": safe(order.id),
        "delta": if small { json!(delta) } else { json!(delta.to_string()) },
        "by_id": { order.id.to_string(): [safe(order.id), 1] },
        "text": order.text,
        "weight": 1e300,
    })
}

#[tokio::test]
async fn integers_that_javascript_would_round_are_sent_as_strings_and_stored_as_numbers() {
    for (id, delta) in
        [(SAFE, -1), (SAFE + 1, i64::MIN), (u64::MAX, -(1 << 53)), (7, 1 - (1 << 53))]
    {
        let log = MemoryLog::new();
        let routes = routes(log.clone());
        let order = order(id, delta);
        let inputs = json!({ "order": order }).to_string();
        let (status, stream) = send(&routes, "POST", "/sessions/a/runs", inputs).await;
        assert_eq!(status, 200, "{stream}");
        let events: Vec<Value> = stream
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect();
        let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
        assert_eq!(of("item")["item"], sent(&order));
        let patches = &of("step_committed")["patches"];
        assert_eq!(patches["last"]["set"], sent(&order));
        assert_eq!(patches["ids"]["append"], json!({ "keep": 0, "tail": [sent(&order)["id"]] }));
        let (_, shown) = send(&routes, "GET", "/sessions/a", String::new()).await;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["state"], json!({ "last": sent(&order), "ids": [sent(&order)["id"]] }));
        let stored = stored_item(&log).await;
        assert_eq!(stored, serde_json::to_value(&order).unwrap());
        // a client can send back what it received
        let inputs = json!({ "order": sent(&order) }).to_string();
        let (status, again) = send(&routes, "POST", "/sessions/b/runs", inputs).await;
        assert_eq!(status, 200, "{again}");
        let (_, shown) = send(&routes, "GET", "/sessions/b", String::new()).await;
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["state"]["last"], sent(&order));
    }
}

async fn stored_item(log: &MemoryLog) -> Value {
    let log: Arc<dyn Log> = Arc::new(log.clone());
    let session = SessionId::new("a").unwrap();
    let records = log.read(&session, Offset::ZERO, 100).await.unwrap();
    let item = |kind| match kind {
        EntryKind::Item { item, .. } => Some(item),
        _ => None,
    };
    records.iter().find_map(|record| item(record.entry(&session).unwrap().kind)).unwrap()
}

#[tokio::test]
async fn number_that_would_be_rounded_is_rejected_with_its_path() {
    let routes = routes(MemoryLog::new());
    let valid = serde_json::to_string(&order(1, 2)).unwrap();
    for (from, to, place) in [
        ("\"id\":1", "\"id\":18446744073709551616", "order.id: an integer"),
        ("\"delta\":2", "\"delta\":-9223372036854775809", "order.delta: an integer"),
        ("[1,1]", "[1,100000000000000000000]", "order.by_id.1[1]: an integer"),
        ("1e+300", "1e400", "order.weight: a number"),
        ("1e+300", "100000000000000000000", "order.weight: an integer"),
    ] {
        assert!(valid.contains(from), "{valid}");
        let body = format!("{{\"order\":{}}}", valid.replace(from, to));
        let (status, answer) = send(&routes, "POST", "/sessions/a/runs", body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["code"]), (422, &json!("invalid_inputs")), "{answer}");
        assert!(answer["detail"].as_str().unwrap().starts_with(place), "{answer}");
    }
    let floats = valid.replace("1e+300", "100000000000000000000.0");
    let body = format!("{{\"order\":{floats}}}");
    assert_eq!(send(&routes, "POST", "/sessions/a/runs", body).await.0, 200);
}

#[tokio::test]
async fn every_json_route_rejects_such_numbers_and_deep_nesting() {
    let served = serve().await;
    served.run("a", "one").await.text().await.unwrap();
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for path in ["runs", "chat", "fork"] {
        for (body, detail) in [
            ("{\"x\":[99999999999999999999]}".to_owned(), "x[0]: an integer"),
            (format!("{{\"x\":{}}}", deep(200)), "x[0][0]"),
            (deep(100_000), "[0][0]"),
        ] {
            let request = served.client.post(format!("{}/sessions/a/{path}", served.url));
            let request = request.header("content-type", "application/json").body(body);
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap();
            assert_eq!((status, &answer["code"]), (422, &json!("invalid_inputs")), "{answer}");
            assert!(answer["detail"].as_str().unwrap().starts_with(detail), "{answer}");
        }
    }
    assert_eq!(served.get("/health").await.status(), 200);
}
