//! Helpers shared by the test programs.
#![allow(dead_code, unused_imports, reason = "no test program uses all of it")]

pub(crate) mod entries;

pub(crate) use burdock_subjects::server::Server;
