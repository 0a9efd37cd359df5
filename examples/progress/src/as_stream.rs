//! The same run as a stream, for a program with async.
//!
//! The action is still a plain function on a thread; the task that awaits its
//! items is free for other work in between.

use crate::counting::{Progress, Text, WordCount, WordCountInputs};
use std::{error::Error, path::PathBuf};

/// Counts, and passes the progress to `show`.
pub async fn count(path: PathBuf, mut show: impl FnMut(Progress)) -> Result<Text, Box<dyn Error>> {
    let mut app = WordCount::app().build().await?;
    let mut run = app.run(WordCountInputs { path });
    while let Some(progress) = run.next().await {
        show(progress?);
    }
    Ok(run.finish().await?.state().clone())
}
