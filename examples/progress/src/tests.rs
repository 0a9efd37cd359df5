//! Tests that compare both ways with an independent count.

use crate::{
    TEXT, as_iterator, as_stream,
    counting::{Counts, Progress, WordCount, WordCountInputs, WordCountNode, count},
    with_sources,
};
use burdock::{Outcome, prelude::*};
use std::{error::Error, fs};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Counts by walking over the characters of the whole text.
fn counted_otherwise(path: &str) -> Result<Counts> {
    let text = fs::read_to_string(path)?;
    let mut counts = Counts::default();
    let mut before = ' ';
    for c in text.chars() {
        counts.lines += u64::from(c == '\n');
        counts.words += u64::from(before.is_whitespace() && !c.is_whitespace());
        counts.letters += u64::from(c.is_alphabetic());
        before = c;
    }
    Ok(counts)
}

/// Checks the progress of a count.
fn check_progress(seen: &[Progress], total: Counts) {
    assert!(seen.len() > 5, "{seen:?}");
    assert!(seen.is_sorted_by_key(|progress| progress.done));
    assert!(seen.last().is_some_and(|last| last.done == last.total && last.counts == total));
}

#[test]
fn the_iterator_counts_correctly() -> Result {
    let expected = counted_otherwise(TEXT)?;
    let mut seen = Vec::new();
    let text = as_iterator::count(TEXT.into(), |progress| seen.push(progress))?;
    assert_eq!(text.counts.get(), Some(&expected));
    assert!(expected.lines > 200);
    check_progress(&seen, expected);
    Ok(())
}

#[tokio::test]
async fn the_stream_counts_the_same() -> Result {
    let expected = counted_otherwise(TEXT)?;
    let mut seen = Vec::new();
    let text = as_stream::count(TEXT.into(), |progress| seen.push(progress)).await?;
    assert_eq!(text.counts.get(), Some(&expected));
    check_progress(&seen, expected);
    Ok(())
}

#[test]
fn a_missing_file_is_named() {
    let result = as_iterator::count("no/such/file".into(), |_| ());
    let error = result.map_err(|error| with_sources(&*error));
    assert!(error.is_err_and(|error| {
        error.starts_with("node `count` failed: `no/such/file` cannot be read: ")
    }));
}

#[test]
fn a_stop_keeps_what_was_counted() -> Result {
    let mut app = WordCount::app().build_blocking()?;
    let mut run = app.run(WordCountInputs { path: TEXT.into() });
    let first = run.next().ok_or("no item")??;
    run.stopper().stop();
    let end = run.finish()?;
    assert_eq!(end.outcome(), Outcome::Stopped(WordCountNode::report));
    assert_eq!(end.state().counts.get(), Some(&first.counts));
    // resuming makes the report of the counts so far
    drop(run);
    let mut run = app.resume();
    let end = run.finish()?;
    assert_eq!(end.outcome(), Outcome::Ended);
    assert!(end.state().report.is_set());
    Ok(())
}

#[tokio::test]
async fn the_action_alone_yields_its_progress() -> Result {
    let (seen, writes) = count::test(&crate::counting::Text::default())
        .input("path", std::path::PathBuf::from(TEXT))
        .await;
    let writes = writes.map_err(|error| error.to_string())?;
    check_progress(&seen, writes.counts);
    Ok(())
}
