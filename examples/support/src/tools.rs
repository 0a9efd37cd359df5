//! The functions that the model may call.
//!
//! The doc comments are for the model: they describe the tools and their arguments. What a tool returns is text for the
//! model, or a value that it reads as JSON; an error is what the model reads instead.
//!
//! A model passes any argument that a customer talks it into. So a shop would take the customer from the session of the
//! conversation, as a resource, and not from the model, as this example does for the sake of its offline model.

use crate::shop::{Order, OrderError, Shop, Status};
use burdock_llm::{Tools, tool, tools};
use tokio::time::sleep;

/// Collects the tools. The action that asks the model and the one that runs its calls have the same.
pub fn of(shop: &Shop) -> Tools<'_> {
    tools![find_orders { shop }, track_parcel { shop }, refund { shop }]
}

/// Finds the orders of a customer, the newest first.
#[tool]
async fn find_orders(
    #[resource] shop: &Shop,
    /// The customer's e-mail address.
    email: String,
    /// At most this many.
    #[serde(default = "ten")]
    limit: usize,
) -> burdock::Result<Vec<Order>> {
    sleep(shop.delay).await;
    let mut orders = shop.orders_of(&email);
    orders.truncate(limit);
    Ok(orders)
}

fn ten() -> usize {
    10
}

/// Tracks the parcel of an order: where is it?
#[tool(yields(String))]
async fn track_parcel(
    #[resource] shop: &Shop,
    /// The number of the order.
    order: u64,
) -> burdock::Result<String> {
    let order = shop.order(order).ok_or(OrderError::Unknown(order))?;
    for carrier in ["Bramble Post", "Thistle Express", "Nettle & Sons"] {
        yield_!(format!("asking {carrier}"));
        sleep(shop.delay).await;
    }
    Ok(match order.status {
        Status::Packed => "It is packed, and leaves today.".to_owned(),
        Status::Shipped => "Thistle Express has it, and brings it tomorrow.".to_owned(),
        Status::Delivered | Status::Refunded => "It was delivered.".to_owned(),
    })
}

/// Refunds an order: the customer gets the money back.
#[tool]
async fn refund(
    #[resource] shop: &Shop,
    /// The number of the order.
    order: u64,
) -> burdock::Result<Order> {
    sleep(shop.delay).await;
    Ok(shop.refund(order)?)
}
