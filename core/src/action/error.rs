//! What an action fails with.

use crate::panics::discard;
use std::{error::Error, fmt, mem, sync::Arc};

/// What an action returns: its writes, or an error.
pub type Result<T, E = ActionError> = std::result::Result<T, E>;

/// The error of an action: opaque, made from any error by `?`, and retryable unless made terminal.
///
/// "Any error" is whatever converts into a `Box<dyn Error + Send + Sync>`: every
/// [`Error`](std::error::Error), such a box itself, `anyhow::Error`, and a text. The sources of an
/// error stay what they are, and [`downcast_ref`](Self::downcast_ref) finds them. (`anyhow` hides the
/// type of an error without context when it is boxed, and shows the types below it.)
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
///
/// fn check(count: u32) -> burdock::Result<u32> {
///     if count == 0 { Err("there is nothing to count".into()) } else { Ok(count) }
/// }
/// assert_eq!(check(0).unwrap_err().to_string(), "there is nothing to count");
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

// `ActionError` does not implement `Error`, because this would overlap with `From<T> for T`
impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for ActionError {
    fn from(error: E) -> Self {
        Self::new(Arc::from(error.into()), false)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use crate::action::chain;
    use anyhow::Context as _;
    use std::num::ParseIntError;

    fn parse() -> std::result::Result<u32, ParseIntError> {
        "many".parse()
    }

    #[derive(Debug)]
    struct Outer(ParseIntError);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    /// What `?` and `into` make of each kind of error: its messages, and whether the `ParseIntError` is found.
    #[test]
    fn every_kind_of_error_keeps_its_messages_its_sources_and_its_types() {
        type Boxed = Box<dyn Error + Send + Sync>;
        let digit = "invalid digit found in string";
        let parsed = || parse().unwrap_err();
        let boxed = || -> Result<u32> { Ok(parse().map_err(|error| Boxed::from(Outer(error)))?) };
        let anyhow = || -> Result<u32> { Ok(parse().map_err(anyhow::Error::from)?) };
        let context = || -> Result<u32> { Ok(parse().context("first").context("second")?) };
        let outer = || -> Result<u32> { Ok(parse().map_err(Outer).context("first")?) };
        let message = || -> Result<u32> { Err(anyhow::anyhow!("only words"))? };
        let cases: [(&str, ActionError, &[&str], bool); 10] = [
            ("concrete", parsed().into(), &[digit], true),
            ("nested", Outer(parsed()).into(), &["outer", digit], true),
            ("boxed", boxed().unwrap_err(), &["outer", digit], true),
            // anyhow hands out a box of a type of its own, in which only what lies below is found
            ("anyhow", anyhow().unwrap_err(), &[digit], false),
            ("anyhow, context", context().unwrap_err(), &["second", "first", digit], true),
            ("anyhow, nested", outer().unwrap_err(), &["first", "outer", digit], true),
            ("anyhow, message", message().unwrap_err(), &["only words"], false),
            ("text", "a text".into(), &["a text"], false),
            ("string", String::from("a string").into(), &["a string"], false),
            ("action error", ActionError::from(parsed()).context("so"), &["so", digit], true),
        ];
        for (name, error, messages, found) in cases {
            assert_eq!(chain(error.as_error()), messages, "{name}");
            assert_eq!(error.downcast_ref::<ParseIntError>().is_some(), found, "{name}");
            assert!(error.is_retryable(), "{name}");
            let terminal = error.terminal();
            assert_eq!(terminal.downcast_ref::<ParseIntError>().is_some(), found, "{name}");
            // an action error that passes through `?` again is the same one
            let again = || -> Result<u32> { Err(terminal.clone())? };
            assert!(!again().unwrap_err().is_retryable(), "{name}");
        }
    }
}
