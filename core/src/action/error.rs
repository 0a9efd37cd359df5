//! The error of an action.

use crate::panics::discard;
use std::{cell::Cell, error::Error, fmt, mem, sync::Arc};

/// What an action returns: its writes, or an error.
pub type Result<T, E = ActionError> = std::result::Result<T, E>;

/// The error of an action: opaque, made from any error by `?`, and retryable unless made terminal.
///
/// "Any error" is whatever converts into a `Box<dyn Error + Send + Sync>`: every
/// [`Error`](std::error::Error), such a box itself, `anyhow::Error`, and a text. The sources of an
/// error stay what they are, and [`downcast_ref`](Self::downcast_ref) finds them. (`anyhow` hides the
/// type of an error without context when it is boxed, and shows the types below it.)
///
/// It is an [`Error`](std::error::Error) itself, with the message and the source of the error that it holds,
/// so `?` also turns it into a `Box<dyn Error + Send + Sync>` or an `anyhow::Error`. An action error that
/// comes back from such an error, or is a source of another one, keeps its mark: if it was terminal, the new
/// one is terminal.
///
/// [`bail!`](crate::bail) and [`ensure!`](crate::ensure) return early with one. (Those of `anyhow` return an
/// `anyhow::Error`, and compile only in a function that returns one.)
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
///
/// fn outside_of_actions() -> Result<u32, Box<dyn std::error::Error>> {
///     Ok(check(parse("2")?)?)
/// }
/// assert_eq!(outside_of_actions().unwrap(), 2);
/// ```
///
/// # Bounds
/// `?` and `into` convert errors that are [`Unpin`], as almost all are, and [`new`](Self::new) converts all.
/// Exceptions are a type parameter without this bound, and an error type that holds an `ActionError` by value:
/// `ActionError` is not `Unpin`, because it could not be both an error and made from any error otherwise. For
/// such a type, write `impl Unpin for MyError {}`.
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
    /// Makes an error from any error, or a text, as `?` does.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(error) => *error,
            Err(error) => {
                let terminal = has_terminal(&*error);
                Self::of(Arc::from(error), terminal)
            }
        }
    }

    /// Makes an error from a message.
    pub fn msg(message: impl Into<String>) -> Self {
        Self::of(Arc::new(Message { text: message.into(), source: None }), false)
    }

    fn of(cause: Arc<dyn Error + Send + Sync>, terminal: bool) -> Self {
        Self(Arc::new(Inner { cause, terminal }))
    }

    /// Says what was being done; the error so far becomes the source.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        let source = Some(Arc::clone(&self.0.cause));
        Self::of(Arc::new(Message { text: message.into(), source }), self.0.terminal)
    }

    /// Makes the error final: `#[retry]` does not try again.
    #[must_use]
    pub fn terminal(self) -> Self {
        Self::of(Arc::clone(&self.0.cause), true)
    }

    /// Tells whether another attempt may help.
    pub fn is_retryable(&self) -> bool {
        !self.0.terminal
    }

    /// The error that this one was made from.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.cause
    }

    /// Returns the first error of the type `E` in the chain, which starts at the outermost error; `None` if there is
    /// none.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        let mut error: Option<&(dyn Error + 'static)> = Some(&*self.0.cause);
        while let Some(this) = error {
            if let Some(found) = this.downcast_ref() {
                return Some(found);
            }
            // the chain has the source of what an action error holds, and not that itself
            if let Some(inner) = this.downcast_ref::<Self>() {
                return inner.downcast_ref();
            }
            error = this.source();
        }
        None
    }
}

// `ActionError` is an error, too, so this would overlap with `From<T> for T` if it was `Unpin`
impl<E: Into<Box<dyn Error + Send + Sync>> + Unpin> From<E> for ActionError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Holds for no lifetime: `ActionError` is not `Unpin`, and coherence knows it. The lifetime is there
/// because rustc refuses a bound that it can evaluate on the spot.
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
    /// Whether the source of a terminal action error was asked for.
    static TERMINAL: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether a terminal action error is in the chain. Errors that pass on the methods of another one
/// hide its type, as those of `anyhow` and `#[error(transparent)]` do; their source is that of the other one.
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
            TERMINAL.set(true);
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

/// Returns early from an action, or another function that returns [`burdock::Result`](crate::Result), with an
/// error: a message, formatted as by [`format!`], or any error.
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

/// Returns early as [`bail!`](crate::bail) does, unless a condition holds.
///
/// Without a message, the error has the condition as it is written.
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

    #[derive(Debug, thiserror::Error)]
    enum Wrapped {
        #[error(transparent)]
        Transparent(#[from] ActionError),
        #[error("wrapped")]
        Source(#[source] ActionError),
    }

    /// As the docs advise for an error that holds an action error.
    impl Unpin for Wrapped {}

    #[test]
    fn an_action_error_in_another_error_keeps_its_mark_its_messages_and_its_types() {
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
    fn of_several_errors_of_a_type_the_outermost_is_found() {
        #[derive(Debug, thiserror::Error)]
        #[error("level {0}")]
        struct Level(u32, #[source] Option<Box<Self>>);

        let error = ActionError::from(Level(1, Some(Box::new(Level(2, None))))).context("so");
        assert_eq!(error.downcast_ref::<Level>().unwrap().0, 1);
    }

    #[test]
    fn the_error_that_an_action_error_of_a_chain_holds_is_found() {
        let inner = ActionError::from(parse().unwrap_err());
        let outer = ActionError::from(Wrapped::Source(inner));
        assert!(outer.downcast_ref::<ParseIntError>().is_some());
        assert!(outer.downcast_ref::<ActionError>().is_some());
        assert!(outer.downcast_ref::<fmt::Error>().is_none());
    }

    #[test]
    fn bail_takes_messages_and_errors() {
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
    fn ensure_returns_the_error_only_if_the_condition_does_not_hold() {
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
