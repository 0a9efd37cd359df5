//! What the tests on a server share.
#![allow(dead_code, unused_imports, reason = "not each test needs everything")]

pub(crate) mod drafts;

pub(crate) use burdock_subjects::server::Server;
