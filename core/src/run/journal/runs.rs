//! Runs whose end may be missing in the log.

use crate::log::Offset;

/// The last run, and the earlier ones whose end may be missing in the log.
#[derive(Debug, Default)]
pub(super) struct Runs(Vec<RunRecord>);

/// A run, kept until the log has its entries.
#[derive(Debug)]
struct RunRecord {
    /// The offset of the entry of its start or resumption.
    started: Offset,
    /// The offset of the entry of its end, if one was added. A run that paused or ended the session has none,
    /// because its last commit records it.
    ended: Option<Offset>,
    /// The messages of the error that ended it, and of the sources of the error.
    error: Option<Vec<String>>,
}

/// The end of a run that is missing in the log.
pub(super) struct MissingEnd {
    /// The messages of its error and the sources of the error; `None` for a run that was cancelled.
    pub(super) error: Option<Vec<String>>,
}

impl Runs {
    /// Removes all runs, because the log has their entries.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a run that was started or resumed with the entry at `last`.
    pub(super) fn started(&mut self, last: Option<Offset>) {
        let run = |started| RunRecord { started, ended: None, error: None };
        // exactly one, because idle apps usually keep a single run
        self.0.reserve_exact(1);
        self.0.extend(last.map(run));
    }

    /// Records that the last run ended with the entry at `last`.
    pub(super) fn ended(&mut self, last: Option<Offset>, error: Option<Vec<String>>) {
        if let Some(run) = self.0.last_mut() {
            (run.ended, run.error) = (last, error);
        }
    }

    /// Removes the runs that are not in the log, whose last entry is at `last`. Returns the end of the last run if
    /// it is missing in the log; `default_error` is its error if none was recorded.
    pub(super) fn recovered(
        &mut self,
        last: Offset,
        default_error: Option<Vec<String>>,
    ) -> Option<MissingEnd> {
        self.0.retain(|run| run.started <= last);
        let run = self.0.last_mut()?;
        if run.ended.is_some_and(|ended| ended <= last) {
            return None;
        }
        Some(MissingEnd { error: run.error.take().or(default_error) })
    }
}
