//! The error of an action.

use crate::panics::discard;
use std::{cell::Cell, error::Error, fmt, mem, sync::Arc};

/// The result of an action: its writes, or an error.
pub type Result<T, E = ActionError> = std::result::Result<T, E>;

/// The error of an action. It is opaque, `?` converts any error into it, and it is retryable unless it is made
/// terminal.
///
/// "Any error" is every type that converts into a `Box<dyn Error + Send + Sync>`: every
/// [`Error`](std::error::Error), such a box itself, `anyhow::Error`, and a string. The sources of the error
/// keep their types, and [`downcast_ref`](Self::downcast_ref) finds them. (`anyhow` hides the type of an
/// error without context when it is boxed, but not the types of its sources.)
///
/// `ActionError` implements [`Error`](std::error::Error), with the message and the source of the error that it
/// contains, so `?` also converts it into a `Box<dyn Error + Send + Sync>` or an `anyhow::Error`. An action
/// error that is converted back from such an error, or is a source of another one, stays terminal.
///
/// [`bail!`](crate::bail) and [`ensure!`](crate::ensure) return early with an `ActionError`. (Those of `anyhow`
/// return an `anyhow::Error`, and compile only in a function that returns one.)
///
/// ```
/// use burdock::ActionError;
///
/// fn parse(text: &str) -> burdock::Result<u32> {
///     // a second attempt would not help
///     text.parse().map_err(|e| ActionError::from(e).context("invalid count").terminal())
/// }
///
/// let error = parse("many").unwrap_err();
/// assert_eq!(error.to_string(), "invalid count");
/// assert!(!error.is_retryable());
///
/// fn check(count: u32) -> burdock::Result<u32> {
///     if count == 0 { Err("there is nothing to count".into()) } else { Ok(count) }
/// }
/// assert_eq!(check(0).unwrap_err().to_string(), "there is nothing to count");
///
/// fn outside_of_actions() -> Result<u32, Box<dyn std::error::Error>> {
///     Ok(check(parse("2")?)?)
/// }
/// assert_eq!(outside_of_actions().unwrap(), 2);
/// ```
///
/// # Bounds
/// `?` and `into` convert errors that are [`Unpin`], which almost all are; [`new`](Self::new) converts all.
/// Exceptions are a type parameter without this bound, and an error type that contains an `ActionError` by
/// value. `ActionError` is not `Unpin`, because otherwise it could not both be an error and be converted from
/// any error. For such a type, write `impl Unpin for MyError {}`.
#[derive(Clone)]
pub struct ActionError(Arc<Inner>);

/// Behind one thin pointer, so that the result of an action is hardly larger than its writes.
struct Inner {
    cause: Arc<dyn Error + Send + Sync>,
    terminal: bool,
}

/// The error has a type of the user's, and a run may drop the last reference to it. A panic of its destructor
/// must not end the run or a commit.
impl Drop for Inner {
    fn drop(&mut self) {
        discard("an error", mem::replace(&mut self.cause, Arc::new(Dropped)));
    }
}

/// A placeholder for an error that was dropped.
#[derive(Debug, thiserror::Error)]
#[error("an error that was dropped")]
struct Dropped;

impl ActionError {
    /// Creates an action error from any error or string, as `?` does.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(error) => *error,
            Err(error) => {
                let terminal = has_terminal(&*error);
                Self::of(Arc::from(error), terminal)
            }
        }
    }

    /// Creates an action error from a message.
    pub fn msg(message: impl Into<String>) -> Self {
        Self::of(Arc::new(Message { text: message.into(), source: None }), false)
    }

    fn of(cause: Arc<dyn Error + Send + Sync>, terminal: bool) -> Self {
        Self(Arc::new(Inner { cause, terminal }))
    }

    /// Adds a message; the current error becomes its source.
    ///
    /// ```
    /// use burdock::ActionError;
    /// use std::error::Error;
    ///
    /// let error = ActionError::msg("connection refused").context("cannot print the receipt");
    /// assert_eq!(error.to_string(), "cannot print the receipt");
    /// assert_eq!(error.source().unwrap().to_string(), "connection refused");
    /// ```
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        let source = Some(Arc::clone(&self.0.cause));
        Self::of(Arc::new(Message { text: message.into(), source }), self.0.terminal)
    }

    /// Makes the error terminal: `#[retry]` does not retry it.
    #[must_use]
    pub fn terminal(self) -> Self {
        Self::of(Arc::clone(&self.0.cause), true)
    }

    /// Returns whether another attempt may succeed: the error is not terminal.
    pub fn is_retryable(&self) -> bool {
        !self.0.terminal
    }

    /// The error that this one was created from.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.cause
    }

    /// Returns the first error of the type `E` in the chain, which starts at the outermost error; `None` if there is
    /// none.
    ///
    /// ```
    /// use burdock::ActionError;
    /// use std::io;
    ///
    /// let error = ActionError::from(io::Error::from(io::ErrorKind::TimedOut)).context("no receipt");
    /// let io = error.downcast_ref::<io::Error>().unwrap();
    /// assert_eq!(io.kind(), io::ErrorKind::TimedOut);
    /// ```
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        let mut error: Option<&(dyn Error + 'static)> = Some(&*self.0.cause);
        while let Some(this) = error {
            if let Some(found) = this.downcast_ref() {
                return Some(found);
            }
            // an action error has the source of the error that it contains, which itself is not in the chain
            if let Some(inner) = this.downcast_ref::<Self>() {
                return inner.downcast_ref();
            }
            error = this.source();
        }
        None
    }
}

// `ActionError` is itself an error, so this would overlap with `From<T> for T` if it were `Unpin`
impl<E: Into<Box<dyn Error + Send + Sync>> + Unpin> From<E> for ActionError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// The bound is never met: `ActionError` is not `Unpin`, and coherence knows it. The lifetime is there because
/// rustc rejects a bound without parameters that is not met.
impl<'a> Unpin for ActionError where private::Unmet<'a>: private::Never {}

mod private {
    #[diagnostic::on_unimplemented(
        message = "`ActionError`, or an error that holds one, is not `Unpin`",
        label = "this conversion is for errors that are `Unpin`",
        note = "use `ActionError::new(error)`, or write `impl Unpin for` the type of the error"
    )]
    pub trait Never {}

    #[derive(Debug)]
    pub struct Unmet<'a>(#[expect(dead_code, reason = "only its type is used")] &'a ());
}

thread_local! {
    /// Whether [`Error::source`] of a terminal action error was called.
    static TERMINAL: Cell<bool> = const { Cell::new(false) };
}

/// Called by the `source` of an error that is terminal. See [`has_terminal`].
pub(crate) fn mark_terminal() {
    TERMINAL.set(true);
}

/// Returns whether a terminal action error is in the chain. A downcast would not find it in an error that
/// forwards its methods, as `anyhow` and `#[error(transparent)]` do, so calls of `source` are recorded instead.
fn has_terminal(error: &(dyn Error + 'static)) -> bool {
    TERMINAL.set(false);
    let mut next = Some(error);
    while let Some(error) = next {
        next = error.source();
    }
    TERMINAL.take()
}

impl Error for ActionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if self.0.terminal {
            mark_terminal();
        }
        self.0.cause.source()
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

/// Returns early with an error, from an action or another function that returns
/// [`burdock::Result`](crate::Result).
///
/// The error is a message, formatted as by [`format!`], or any error.
///
/// ```
/// use burdock::{ActionError, bail};
///
/// fn order(drink: &str) -> burdock::Result<u32> {
///     match drink {
///         "tea" => Ok(2),
///         "" => bail!("nothing was ordered"),
///         // a second attempt would not help
///         "soup" => bail!(ActionError::msg("soup is not a drink").terminal()),
///         _ => bail!("there is no {drink}"),
///     }
/// }
///
/// assert_eq!(order("coffee").unwrap_err().to_string(), "there is no coffee");
/// assert!(!order("soup").unwrap_err().is_retryable());
/// ```
#[macro_export]
macro_rules! bail {
    ($message:literal $(,)?) => {
        return ::core::result::Result::Err($crate::ActionError::msg(::std::format!($message)))
    };
    ($error:expr $(,)?) => {
        return ::core::result::Result::Err($crate::ActionError::new($error))
    };
    ($format:literal, $($argument:tt)+) => {
        return ::core::result::Result::Err(
            $crate::ActionError::msg(::std::format!($format, $($argument)+))
        )
    };
}

/// Returns early with an error, as [`bail!`](crate::bail) does, if a condition does not hold.
///
/// Without a message, the error contains the source text of the condition.
///
/// ```
/// use burdock::ensure;
///
/// fn split(bill: u32, guests: u32) -> burdock::Result<u32> {
///     ensure!(guests > 0, "{bill} is to be paid by {guests} guests");
///     ensure!(bill % guests == 0);
///     Ok(bill / guests)
/// }
///
/// assert_eq!(split(9, 0).unwrap_err().to_string(), "9 is to be paid by 0 guests");
/// assert_eq!(split(9, 2).unwrap_err().to_string(), "condition failed: `bill % guests == 0`");
/// ```
#[macro_export]
macro_rules! ensure {
    ($condition:expr $(,)?) => {
        $crate::ensure!(
            $condition,
            $crate::ActionError::msg(::core::concat!(
                "condition failed: `",
                ::core::stringify!($condition),
                "`"
            ))
        )
    };
    ($condition:expr, $($error:tt)+) => {
        if !$condition {
            $crate::bail!($($error)+)
        }
    };
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

    /// The messages of each kind of error, and whether its `ParseIntError` is found, after `?` or `into`.
    #[test]
    fn conversion_keeps_messages_sources_and_types() {
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
            // anyhow boxes the error in a type of its own, so that only its sources are found
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
            // an action error is unchanged by another `?`
            let again = || -> Result<u32> { Err(terminal.clone())? };
            assert!(!again().unwrap_err().is_retryable(), "{name}");
        }
    }

    #[derive(Debug, thiserror::Error)]
    enum Wrapped {
        #[error(transparent)]
        Transparent(#[from] ActionError),
        #[error("wrapped")]
        Source(#[source] ActionError),
    }

    /// As the docs recommend for an error that contains an action error.
    impl Unpin for Wrapped {}

    #[test]
    fn action_error_in_another_error_stays_terminal_and_keeps_its_messages_and_types() {
        type Boxed = Box<dyn Error + Send + Sync>;
        let digit = "invalid digit found in string";
        for terminal in [false, true] {
            let inner = || {
                let error = ActionError::from(parse().unwrap_err()).context("so");
                if terminal { error.terminal() } else { error }
            };
            let boxed = || -> std::result::Result<u32, Boxed> { Err(inner())? };
            let anyhow = || -> anyhow::Result<u32> { Err(inner())? };
            let cases: [(&str, ActionError, &[&str]); 6] = [
                ("boxed", boxed().unwrap_err().into(), &["so", digit]),
                ("anyhow", anyhow().unwrap_err().into(), &["so", digit]),
                (
                    "anyhow, context",
                    anyhow().context("first").unwrap_err().into(),
                    &["first", "so", digit],
                ),
                ("transparent", Wrapped::from(inner()).into(), &["so", digit]),
                ("source", Wrapped::Source(inner()).into(), &["wrapped", "so", digit]),
                ("new", ActionError::new(inner()), &["so", digit]),
            ];
            for (name, error, messages) in cases {
                assert_eq!(chain(error.as_error()), messages, "{name}");
                assert_eq!(chain(&error), messages, "{name}");
                assert_eq!(error.is_retryable(), !terminal, "{name}");
                assert!(error.downcast_ref::<ParseIntError>().is_some(), "{name}");
            }
        }
    }

    #[test]
    fn downcast_ref_returns_the_outermost_error_of_a_type() {
        #[derive(Debug, thiserror::Error)]
        #[error("level {0}")]
        struct Level(u32, #[source] Option<Box<Self>>);

        let error = ActionError::from(Level(1, Some(Box::new(Level(2, None))))).context("so");
        assert_eq!(error.downcast_ref::<Level>().unwrap().0, 1);
    }

    #[test]
    fn downcast_ref_finds_the_error_inside_an_action_error_in_the_chain() {
        let inner = ActionError::from(parse().unwrap_err());
        let outer = ActionError::from(Wrapped::Source(inner));
        assert!(outer.downcast_ref::<ParseIntError>().is_some());
        assert!(outer.downcast_ref::<ActionError>().is_some());
        assert!(outer.downcast_ref::<fmt::Error>().is_none());
    }

    #[test]
    fn bail_accepts_messages_and_errors() {
        fn fail(how: u8) -> Result<()> {
            let what = "words";
            match how {
                0 => bail!("only {what}"),
                1 => bail!("just {}", what),
                2 => bail!("merely {other}", other = what,),
                3 => bail!(parse().unwrap_err()),
                4 => bail!(String::from("only {what}")),
                _ => bail!(ActionError::msg(what).terminal()),
            }
        }
        for (how, message) in (0..).zip(["only words", "just words", "merely words"]) {
            assert_eq!(fail(how).unwrap_err().to_string(), message);
        }
        assert!(fail(3).unwrap_err().downcast_ref::<ParseIntError>().is_some());
        assert_eq!(fail(4).unwrap_err().to_string(), "only {what}");
        assert!(!fail(5).unwrap_err().is_retryable());
    }

    #[test]
    fn ensure_returns_an_error_only_if_the_condition_does_not_hold() {
        fn check(count: u32) -> Result<u32> {
            ensure!(count > 0, "{count} is too small");
            ensure!(count < 9, parse().unwrap_err());
            ensure!(count != 5);
            Ok(count)
        }
        assert_eq!(check(1).unwrap(), 1);
        assert_eq!(check(0).unwrap_err().to_string(), "0 is too small");
        assert!(check(9).unwrap_err().downcast_ref::<ParseIntError>().is_some());
        assert_eq!(check(5).unwrap_err().to_string(), "condition failed: `count != 5`");
    }
}
