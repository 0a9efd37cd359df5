//! Inputs of runs: which ones readers receive, and which ones a run accepts.

use crate::client::kinds_of;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use burdock::{log::MemoryLog, prelude::*};
use burdock_serve::Server;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    #[state(public)]
    place: String,
    secret: u32,
}

#[action(state = Order, reads(), writes(place))]
async fn order(#[input] place: String) -> Result<Writes> {
    Ok(Writes { place })
}

#[action(state = Order, reads(secret), writes(secret))]
async fn pay(order: Reads<'_>, #[input] pin: Option<u32>) -> Result<Writes> {
    Ok(Writes { secret: order.secret + pin.unwrap_or(0) })
}

graph! {
    pub Shop(Order) {
        inputs { #[public] place: String, pin: Option<u32> }
        nodes { order, pay }
        start order;
        order -> pause pay;
        pay -> if state.secret > 9 { end } else { pay };
    }
}

async fn post(routes: &Router, path: &str, body: &Value) -> (u16, String) {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = routes.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn readers_receive_public_inputs_and_patches() {
    let routes = Server::builder(MemoryLog::new(), |_| Shop::app()).build().router();
    let runs = "/sessions/a/runs";
    let (status, events) = post(&routes, runs, &json!({ "place": "Rome" })).await;
    assert_eq!(status, 200, "{events}");
    let first: Value = serde_json::from_str(data(&events)[0]).unwrap();
    assert_eq!(
        (&first["type"], &first["inputs"]),
        (&json!("run_started"), &json!({ "place": "Rome" }))
    );
    let (_, events) = post(&routes, runs, &json!({ "place": "Rome", "pin": 10 })).await;
    assert_eq!(kinds_of(&events), ["run_started", "step_started", "step_committed", "run_ended"]);
    assert!(!events.contains("pin"), "{events}");
    let committed: Value = serde_json::from_str(data(&events)[2]).unwrap();
    assert_eq!(committed["patches"], json!({}));
}

#[tokio::test]
async fn input_that_no_node_of_the_run_uses_is_rejected() {
    let routes = Server::builder(MemoryLog::new(), |_| Shop::app()).build().router();
    let runs = "/sessions/a/runs";
    let (status, problem) = post(&routes, runs, &json!({ "place": "Rome", "pin": 1 })).await;
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!((status, &problem["code"]), (422, &json!("invalid_inputs")));
    let detail = "no node of a run that starts at node `order` uses the input `pin`: omit it";
    assert_eq!(problem["detail"], detail);
    // neither an absent input nor `null` counts as given
    let (status, events) = post(&routes, runs, &json!({ "place": "Rome", "pin": null })).await;
    assert_eq!((status, kinds_of(&events).last().unwrap().as_str()), (200, "run_paused"));
    let (status, _) = post(&routes, runs, &json!({ "place": "Rome", "pin": 10 })).await;
    assert_eq!(status, 200);
}

fn data(events: &str) -> Vec<&str> {
    events.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
}
