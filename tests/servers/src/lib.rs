//! Servers that tests start: the `LiteLLM` proxy, and a model server for it to call.
#![allow(missing_docs, unreachable_pub, reason = "helpers of tests")]

mod litellm;
mod upstream;

pub use self::{
    litellm::{KEY, LiteLlm},
    upstream::{Answer, Upstream},
};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;
