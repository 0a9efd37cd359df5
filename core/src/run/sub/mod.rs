//! Sub-graphs: runs of other graphs that an action starts, as children with sessions of their own.
//!
//! ```text
//! Sub ── run(key, inputs) ──▶ SubRun  ─┐
//!     └─ each(…) ───────────▶ SubRuns ─┴─▶ Child: claim the key → replay → open → run → record the end
//! ```

mod child;
mod ends;
mod error;
mod ready;
mod replay;
mod run;
mod runs;
pub(crate) mod start;

pub use self::ends::SubEnd;
pub use self::error::SubError;
pub use self::run::SubRun;
pub use self::runs::{SubEvent, SubRuns};
use self::start::ChildResources;
pub use self::start::{ChildItem, SubStart, Within};

use self::child::Plan;
use crate::{action::Context, graph::Graph};
use std::{fmt, sync::Arc};

/// A graph that an action runs as a child.
///
/// An action receives it with `#[graph] name: Sub<'_, Graph>`. A graph with that action has to have the resources of the
/// child, with the same names and types; they are cloned. The items of the child have to implement `Serialize` and
/// `DeserializeOwned`.
///
/// A child is a session of its own. Its key and the name of the argument identify it in the step of its parent: another
/// attempt at the step, after a retry, a resume or a crash, continues the child where it was, and does not run a child again
/// that has ended. In each attempt the action receives the same events, also the items that the child has shown before: they
/// are read from the session of the child, unless that was deleted. The same holds for a child that has failed and is run
/// again in one attempt.
///
/// A child whose inputs, or whose given state, differ from those of the last attempt is started again. They are compared as
/// JSON, so that a `HashSet`, whose order differs in each process, should be a `BTreeSet`.
///
/// The resources are cloned in each attempt: put those that are expensive to clone into an `Arc`. A child has no observers; its
/// spans are those of its parent.
///
/// `DEPTH` bounds recursion: it is the number of children of the graph that may be nested.
///
/// ```
/// use burdock::{prelude::*, run::{Sub, SubEvent}};
/// # use serde::{Deserialize, Serialize};
///
/// #[derive(State, Clone, Default, Serialize, Deserialize)]
/// struct Answer {
///     text: String,
/// }
///
/// #[streaming_action(state = Answer, writes(text), yields(String))]
/// async fn look_up(#[input] question: &String) -> Result<Writes> {
///     yield_!(format!("looking for {question}"));
///     Ok(Writes { text: format!("all about {question}") })
/// }
///
/// graph! {
///     /// Answers one question.
///     Research(Answer) {
///         inputs { question: String }
///         yields String;
///         nodes { look_up }
///         start look_up;
///         look_up -> end;
///     }
/// }
///
/// #[derive(State, Clone, Default, Serialize, Deserialize)]
/// struct Report {
///     questions: Vec<String>,
///     findings: Vec<String>,
/// }
///
/// #[streaming_action(state = Report, reads(questions), writes(findings), yields(String))]
/// async fn investigate(report: Reads<'_>, #[graph] research: Sub<'_, Research>) -> Result<Writes> {
///     let questions = report.questions.iter();
///     let starts = questions.map(|question| (question, ResearchInputs { question: question.clone() }));
///     let mut runs = research.each(starts).at_most(8);
///     while let Some(event) = runs.next().await {
///         if let SubEvent::Item { item, .. } = event? {
///             yield_!(item);
///         }
///     }
///     Ok(Writes { findings: runs.into_ends().map(|(_, end)| end.into_state().text).collect() })
/// }
///
/// graph! {
///     Reporting(Report) {
///         yields String;
///         nodes { investigate }
///         start investigate;
///         investigate -> end;
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// let report = Report { questions: vec!["tides".into(), "moons".into()], ..Report::default() };
/// let mut app = Reporting::app().state(report).build().await?;
/// let end = app.run(ReportingInputs {}).await?;
/// assert_eq!(end.state().findings, ["all about tides", "all about moons"]);
/// # Ok(()) }
/// ```
pub struct Sub<'a, G: Graph, const DEPTH: usize = 1> {
    context: &'a Context,
    resources: Arc<G::Resources>,
    name: &'static str,
}

impl<'a, G: Graph, const DEPTH: usize> Sub<'a, G, DEPTH> {
    /// Creates the argument of an action.
    #[doc(hidden)]
    pub fn new(context: &'a Context, resources: ChildResources<'a, G>, name: &'static str) -> Self {
        Self { context, resources: resources.all, name }
    }

    /// Runs a child. It starts with the `Default` of its state.
    ///
    /// The returned run does nothing until it is polled.
    pub fn run(&self, key: impl AsRef<str>, inputs: G::Inputs) -> SubRun<'a, G>
    where
        G::State: Default,
        G::Item: ChildItem,
    {
        self.start((key, inputs))
    }

    /// Runs a child that starts with this state. Another attempt with another state starts the child again.
    pub fn run_from(
        &self,
        key: impl AsRef<str>,
        state: G::State,
        inputs: G::Inputs,
    ) -> SubRun<'a, G>
    where
        G::Item: ChildItem,
    {
        self.start((key, state, inputs))
    }

    fn start(&self, start: impl SubStart<G>) -> SubRun<'a, G>
    where
        G::Item: ChildItem,
    {
        SubRun::new(self.plan(), start.start())
    }

    /// Runs several children at the same time, each with its own key. A start is a key and the inputs, or a key, the initial
    /// state and the inputs.
    ///
    /// The returned runs do nothing until they are polled.
    pub fn each<S: SubStart<G>>(&self, starts: impl IntoIterator<Item = S>) -> SubRuns<'a, G>
    where
        G::Item: ChildItem,
    {
        SubRuns::new(self.plan(), starts.into_iter().map(SubStart::start).collect())
    }

    fn plan(&self) -> Plan<'a, G> {
        let Self { context, name, .. } = *self;
        Plan { context, resources: Arc::clone(&self.resources), name, depth: DEPTH }
    }
}

impl<G: Graph, const DEPTH: usize> Clone for Sub<'_, G, DEPTH> {
    fn clone(&self) -> Self {
        let Self { context, name, .. } = *self;
        Self { context, resources: Arc::clone(&self.resources), name }
    }
}

impl<G: Graph, const DEPTH: usize> fmt::Debug for Sub<'_, G, DEPTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sub")
            .field("graph", &G::TOPOLOGY.name)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
