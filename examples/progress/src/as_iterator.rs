//! A run as an iterator, for a program without async.
//!
//! `build_blocking` builds an app whose runs are iterators; an error is the
//! last item. `finish` returns the end with the state.

use crate::counting::{Progress, Text, WordCount, WordCountInputs};
use std::{error::Error, path::PathBuf};

/// Counts, and passes the progress to `show`.
pub fn count(path: PathBuf, mut show: impl FnMut(Progress)) -> Result<Text, Box<dyn Error>> {
    let mut app = WordCount::app().build_blocking()?;
    let mut run = app.run(WordCountInputs { path });
    for progress in &mut run {
        show(progress?);
    }
    Ok(run.finish()?.state().clone())
}
