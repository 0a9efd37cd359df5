//! Runs whose end the log may not have.

use crate::log::Offset;

/// The last run, and before it those whose end the log may not have.
#[derive(Debug, Default)]
pub(super) struct Runs(Vec<RunRecord>);

/// What is remembered of a run until the log has it.
#[derive(Debug)]
struct RunRecord {
    /// Where the entry is that says that it started or continued.
    started: Offset,
    /// Where the entry is that says how it ended, if one was added. A run that came to a rest has
    /// none, for its last commit says it.
    ended: Option<Offset>,
    /// What the error that it ended with and its sources say.
    error: Option<Vec<String>>,
}

/// The end of a run that the log lacks.
pub(super) struct MissingEnd {
    /// What its error and the sources of that say; `None` for a run that was cancelled.
    pub(super) error: Option<Vec<String>>,
}

impl Runs {
    /// Forgets the runs, of which the log has everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// A run started or continued, which was added last.
    pub(super) fn started(&mut self, last: Option<Offset>) {
        let run = |started| RunRecord { started, ended: None, error: None };
        // one as a rule, in every app that is idle
        self.0.reserve_exact(1);
        self.0.extend(last.map(run));
    }

    /// The last run ended, which was added last.
    pub(super) fn ended(&mut self, last: Option<Offset>, error: Option<Vec<String>>) {
        if let Some(run) = self.0.last_mut() {
            (run.ended, run.error) = (last, error);
        }
    }

    /// The log has entries up to `last`, and no others. Returns how the last run that it has ended, if it
    /// lacks that; `why` is the error if none is known.
    pub(super) fn recovered(
        &mut self,
        last: Offset,
        why: Option<Vec<String>>,
    ) -> Option<MissingEnd> {
        self.0.retain(|run| run.started <= last);
        let run = self.0.last_mut()?;
        if run.ended.is_some_and(|ended| ended <= last) {
            return None;
        }
        Some(MissingEnd { error: run.error.take().or(why) })
    }
}
