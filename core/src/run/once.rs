//! Running a graph once, without an app that is kept.

use super::{App, AppBuilder, RunError, RunErrorKind};
use crate::graph::Graph;

/// Runs a graph once, without an app, an id or a log. Every graph implements it; the trait is in the prelude.
///
/// For a graph that is used like a function, in a program or a test. Use an [`App`] for a session that continues, for items
/// and for a log, and [`Sub`](super::Sub) in an action.
pub trait RunOnce: Graph {
    /// Runs the graph from the `Default` of its state until it pauses or ends. Discards the items, and returns the state.
    ///
    /// ```
    #[doc = include_str!("../docs/cafe.txt")]
    /// let bill = Cafe::run_once(CafeResources {}, CafeInputs { cups: 2 }).await?;
    /// assert_eq!(bill.paid, 4);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns the error that ended the run, and [`RunErrorKind::NoRuntime`] without the feature `tokio`.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the run.
    fn run_once(
        resources: Self::Resources,
        inputs: Self::Inputs,
    ) -> impl Future<Output = Result<Self::State, RunError>> + Send
    where
        Self::State: Default,
    {
        async {
            let builder = AppBuilder::<Self>::new().resources(resources);
            // without a log, only the runtime can be missing
            let no_runtime = |_| RunError::from(RunErrorKind::NoRuntime);
            let mut app: App<Self> = builder.build().await.map_err(no_runtime)?;
            app.run(inputs).await?;
            app.close().await
        }
    }
}

impl<G: Graph> RunOnce for G {}
