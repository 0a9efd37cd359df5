//! Researches several questions at the same time, and writes a report.
//!
//! In reading order: [`library`] is what the program searches and does not use burdock, [`question`] is the graph that
//! researches one question, and [`report`] the graph that runs it once per question, as children. [`progress`] is what
//! the terminal shows of their items, and [`screen`] shows it. [`session`] runs the graph, or continues it.

pub mod args;
pub mod library;
pub mod progress;
pub mod question;
pub mod report;
pub mod screen;
pub mod session;
