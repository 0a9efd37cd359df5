//! The shop: orders, and the systems that are slow to answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The orders of a shop, in memory.
#[derive(Debug)]
pub struct Shop {
    orders: Mutex<BTreeMap<u64, Order>>,
    /// The time that a system of the shop takes to answer.
    pub delay: Duration,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Its number.
    pub number: u64,
    /// The customer's e-mail address.
    pub email: String,
    /// The article.
    pub article: String,
    /// The price, in cents.
    pub cents: u64,
    /// Where it is.
    pub status: Status,
}

/// The status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has not left the shop.
    Packed,
    /// It is on its way.
    Shipped,
    /// The customer has it.
    Delivered,
    /// The customer got the money back.
    Refunded,
}

/// The reason why a request about an order is refused.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The order does not exist.
    #[error("order {0} does not exist")]
    Unknown(u64),
    /// The parcel is on its way.
    #[error("order {0} is on its way: it can be refunded when it has arrived")]
    OnItsWay(u64),
}

impl Default for Shop {
    fn default() -> Self {
        let order = |number, email: &str, article: &str, cents, status| {
            let (email, article) = (email.to_owned(), article.to_owned());
            (number, Order { number, email, article, cents, status })
        };
        let orders = [
            order(17, "ada@example.org", "a difference engine", 129_900, Status::Delivered),
            order(18, "ada@example.org", "punched cards, 500 pieces", 1_450, Status::Shipped),
            order(19, "grace@example.org", "a jar for moths", 990, Status::Packed),
        ];
        Self { orders: Mutex::new(orders.into()), delay: Duration::from_millis(600) }
    }
}

impl Shop {
    /// Returns the orders of a customer, the newest first.
    pub fn orders_of(&self, email: &str) -> Vec<Order> {
        let orders = self.lock();
        let found = orders.values().rev().filter(|order| order.email.eq_ignore_ascii_case(email));
        found.cloned().collect()
    }

    /// Returns an order.
    pub fn order(&self, number: u64) -> Option<Order> {
        self.lock().get(&number).cloned()
    }

    /// Refunds an order. One that was refunded before stays refunded: a step of the agent may run twice.
    ///
    /// # Errors
    /// Returns the reason why the order cannot be refunded.
    pub fn refund(&self, number: u64) -> Result<Order, OrderError> {
        let mut orders = self.lock();
        let order = orders.get_mut(&number).ok_or(OrderError::Unknown(number))?;
        if order.status == Status::Shipped {
            return Err(OrderError::OnItsWay(number));
        }
        order.status = Status::Refunded;
        Ok(order.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
