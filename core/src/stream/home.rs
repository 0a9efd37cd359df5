//! The parts of an app that its children need: a log, ids, and the graphs above them.

use crate::{
    log::{Durability, Log, LogError, MemoryLog, SessionId, child_prefix},
    runtime::Runtime,
    sync::{Mutex, lock},
};
use std::{
    any::TypeId,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

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
    /// The graphs of the children from the root to this session, without the root. Not their names, which graphs of
    /// different modules may have in common.
    graphs: Vec<TypeId>,
    /// The session of the root; `None` if this is the root.
    root: Option<Box<str>>,
    /// Whether the children have spans for `tracing`.
    pub(crate) spans: bool,
}

impl Home {
    /// Returns the home of an app that is not a child.
    pub(crate) fn new(log: Option<(Arc<dyn Log>, Durability)>) -> Self {
        Self::of(Vec::new(), None, log)
    }

    /// Returns the home of a child of `session`.
    pub(crate) fn child<G: 'static>(
        &self,
        session: &str,
        log: Arc<dyn Log>,
        durability: Durability,
    ) -> Self {
        let graphs = self.graphs.iter().copied().chain([TypeId::of::<G>()]).collect();
        let root = self.root.clone().unwrap_or_else(|| session.into());
        let home = Self::of(graphs, Some(root), Some((log, durability)));
        Self { spans: self.spans, ..home }
    }

    fn of(
        graphs: Vec<TypeId>,
        root: Option<Box<str>>,
        log: Option<(Arc<dyn Log>, Durability)>,
    ) -> Self {
        let (memory, prefix) = (Mutex::new(None), Mutex::new(None));
        let (started, spans) = (AtomicU64::new(0), false);
        Self { log, memory, prefix, started, graphs, root, spans }
    }

    /// Returns the session of the root; `None` if this is the root.
    pub(crate) fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// Returns the log of the app.
    pub(crate) fn log(&self) -> Option<&Arc<dyn Log>> {
        self.log.as_ref().map(|(log, _)| log)
    }

    /// Returns the number of children of a graph from the root to this session, including it.
    pub(crate) fn depth_of<G: 'static>(&self) -> usize {
        self.graphs.iter().filter(|graph| **graph == TypeId::of::<G>()).count()
    }

    /// Returns the log of the children, and its durability.
    pub(crate) fn children_log(&self, runtime: &Arc<dyn Runtime>) -> (Arc<dyn Log>, Durability) {
        if let Some((log, durability)) = &self.log {
            let durability = match durability {
                // a parent records the end of a child when the log has the child: a batch would delay that
                Durability::Batch(_) => Durability::Commit,
                Durability::Commit | Durability::Item => *durability,
            };
            return (Arc::clone(log), durability);
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

    /// Returns the id of `session`, the session of this home. Without a log, it may be any string, and `UNLOGGED` stands
    /// for one that is not an id.
    pub(crate) fn parent(&self, session: &str) -> Result<SessionId, LogError> {
        let id = SessionId::stored(session);
        if self.log.is_some() { id } else { id.or_else(|_| SessionId::stored(UNLOGGED)) }
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
        f.debug_struct("Home").field("root", &self.root).finish_non_exhaustive()
    }
}
