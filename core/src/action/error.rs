//! What an action fails with.

use crate::run::discard;
use std::{error::Error, fmt, mem, sync::Arc};

/// What an action returns: its writes, or an error.
pub type Result<T, E = ActionError> = std::result::Result<T, E>;

/// The error of an action: opaque, made from any error by `?`, and retryable unless made terminal.
///
/// ```
/// use burdock::ActionError;
///
/// fn parse(text: &str) -> burdock::Result<u32> {
///     // a second attempt would not help
///     text.parse().map_err(|e| ActionError::from(e).context("the count is no number").terminal())
/// }
///
/// let error = parse("many").unwrap_err();
/// assert_eq!(error.to_string(), "the count is no number");
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone)]
pub struct ActionError(Arc<Inner>);

/// Behind one thin pointer, so that what an action returns is hardly larger than its writes.
struct Inner {
    cause: Arc<dyn Error + Send + Sync>,
    terminal: bool,
}

/// The error is the user's, and the last that holds it may be a run: its destructor ends no run and
/// no commit.
impl Drop for Inner {
    fn drop(&mut self) {
        discard("an error", mem::replace(&mut self.cause, Arc::new(Dropped)));
    }
}

/// Stands where an error was.
#[derive(Debug, thiserror::Error)]
#[error("an error that was dropped")]
struct Dropped;

impl ActionError {
    fn new(cause: Arc<dyn Error + Send + Sync>, terminal: bool) -> Self {
        Self(Arc::new(Inner { cause, terminal }))
    }

    /// Makes an error from a message.
    pub fn msg(message: impl Into<String>) -> Self {
        Self::new(Arc::new(Message { text: message.into(), source: None }), false)
    }

    /// Says what was being done; the error so far becomes the source.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        let source = Some(Arc::clone(&self.0.cause));
        Self::new(Arc::new(Message { text: message.into(), source }), self.0.terminal)
    }

    /// Makes the error final: `#[retry]` does not try again.
    #[must_use]
    pub fn terminal(self) -> Self {
        Self::new(Arc::clone(&self.0.cause), true)
    }

    /// Tells whether another attempt may help.
    pub fn is_retryable(&self) -> bool {
        !self.0.terminal
    }

    /// The error itself.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.cause
    }

    /// The innermost error of the type `E` in the chain, if there is one.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        let mut error: Option<&(dyn Error + 'static)> = Some(&*self.0.cause);
        while let Some(this) = error {
            if let Some(found) = this.downcast_ref() {
                return Some(found);
            }
            error = this.source();
        }
        None
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ActionError {
    fn from(error: E) -> Self {
        Self::new(Arc::new(error), false)
    }
}

impl fmt::Debug for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionError")
            .field("cause", &self.0.cause)
            .field("terminal", &self.0.terminal)
            .finish()
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.cause.fmt(f)
    }
}

#[derive(Debug)]
struct Message {
    text: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Message {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}
