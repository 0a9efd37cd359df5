//! What the children of an app need from it: a log, ids, and the graphs above them.

use crate::{
    log::{Durability, Log, LogError, MemoryLog, SessionId, child_prefix},
    runtime::Runtime,
    sync::{Mutex, lock},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The default of `AppBuilder::grace_period`.
pub(crate) const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// The start of the session ids of children without a log.
const UNLOGGED: &str = "~0";

/// The app of an action, as far as its children need it.
pub(crate) struct Home {
    /// The log of the app and its durability.
    log: Option<(Arc<dyn Log>, Durability)>,
    /// The log of the children of the current step if the app has none.
    memory: Mutex<Option<Arc<dyn Log>>>,
    /// The start of the session ids of the children; `None` until it is known.
    prefix: Mutex<Option<Arc<str>>>,
    /// The number of children that were started without a log.
    started: AtomicU64,
    /// The graphs of the session and of its ancestors, from the root.
    graphs: Vec<&'static str>,
    pub(crate) grace_period: Duration,
    /// Whether the children have spans for `tracing`.
    pub(crate) spans: bool,
}

impl Home {
    /// Returns the home of an app of a graph, which is not a child.
    pub(crate) fn new(
        graph: &'static str,
        log: Option<(Arc<dyn Log>, Durability)>,
        grace_period: Duration,
    ) -> Self {
        Self::of(vec![graph], log, grace_period)
    }

    /// Returns the home of a child.
    pub(crate) fn child(
        &self,
        graph: &'static str,
        log: Arc<dyn Log>,
        durability: Durability,
    ) -> Self {
        let graphs = self.graphs.iter().copied().chain([graph]).collect();
        let home = Self::of(graphs, Some((log, durability)), self.grace_period);
        Self { spans: self.spans, ..home }
    }

    fn of(
        graphs: Vec<&'static str>,
        log: Option<(Arc<dyn Log>, Durability)>,
        grace_period: Duration,
    ) -> Self {
        let (memory, prefix) = (Mutex::new(None), Mutex::new(None));
        let (started, spans) = (AtomicU64::new(0), false);
        Self { log, memory, prefix, started, graphs, grace_period, spans }
    }

    /// Returns the number of children of a graph from the root to this session, including it.
    pub(crate) fn depth_of(&self, graph: &str) -> usize {
        self.graphs.iter().skip(1).filter(|known| **known == graph).count()
    }

    /// Returns the log of the children, and its durability.
    pub(crate) fn children_log(&self, runtime: &Arc<dyn Runtime>) -> (Arc<dyn Log>, Durability) {
        if let Some((log, durability)) = &self.log {
            return (Arc::clone(log), *durability);
        }
        let mut memory = lock(&self.memory);
        let log = memory.get_or_insert_with(|| Arc::new(MemoryLog::shared(Arc::clone(runtime))));
        (Arc::clone(log), Durability::Commit)
    }

    /// Returns the start of the session ids of the children.
    pub(crate) async fn prefix(&self, session: &str) -> Result<Arc<str>, LogError> {
        let Some((log, _)) = &self.log else { return Ok(UNLOGGED.into()) };
        if let Some(known) = &*lock(&self.prefix) {
            return Ok(Arc::clone(known));
        }
        let prefix = child_prefix(log, &SessionId::stored(session)?).await?;
        *lock(&self.prefix) = Some(Arc::clone(&prefix));
        Ok(prefix)
    }

    /// Returns the next session id of a child without a log.
    pub(crate) fn unlogged_child(&self, prefix: &str) -> Result<SessionId, LogError> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        SessionId::stored(format!("{prefix}:{number}"))
    }

    /// Discards the children of a step without a log.
    #[cold]
    pub(crate) fn discard_children(&self) {
        let _discarded = lock(&self.memory).take();
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home").field("graphs", &self.graphs).finish_non_exhaustive()
    }
}
