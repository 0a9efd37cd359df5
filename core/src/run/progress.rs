//! The state machine of a session in the types of a graph, and conversions from and to its form in a log.

use super::RestoreError;
use crate::{
    action::{Failure, FailureCause, Scope},
    graph::{Graph, Node},
    log::{CallRecord, FailureRecord, RawProgress},
    progress::{Position, Progress, Unfinished},
    state::{StateFields, read},
};
use serde_json::Value;

/// The state machine of a session of a graph.
pub(super) type GraphProgress<G> =
    Progress<<G as Graph>::Node, Failure, RunInputs<<G as Scope>::Inputs>, CallRecord>;

/// An unfinished run of a graph.
pub(super) type GraphRun<G> =
    Unfinished<<G as Graph>::Node, Failure, RunInputs<<G as Scope>::Inputs>>;

/// The inputs of an unfinished run.
#[derive(Debug)]
pub(super) struct RunInputs<T> {
    /// `None` if they are unknown: they do not fit the graph, or the app was built at an unfinished position.
    pub(super) typed: Option<T>,
    /// The inputs in the log; null without a log.
    pub(super) json: Value,
}

/// Returns the state machine of a session at a position that the program sets.
pub(super) fn at_position<G: Graph>(position: Position<G::Node>) -> GraphProgress<G> {
    let progress = Progress::new(position);
    let unfinished = match position {
        Position::Unfinished(origin) => Some(unfinished_at(origin)),
        Position::Rest(_) | Position::Ended => None,
    };
    Progress { unfinished, ..progress }
}

/// Returns an unfinished run of which only the node is known.
fn unfinished_at<N, F, T>(origin: N) -> Unfinished<N, F, RunInputs<T>> {
    let inputs = RunInputs { typed: None, json: Value::Null };
    Unfinished { origin, origin_failure: None, inputs }
}

/// Converts the state machine from its form in a log into the types of a graph.
pub(super) fn from_raw<G: Graph>(raw: RawProgress) -> Result<GraphProgress<G>, RestoreError> {
    let at = |node: &str| find::<G>("the session is at", node);
    let failure = |record: Option<FailureRecord>| {
        record.map(|record| restore_failure::<G>(&record)).transpose()
    };
    let Progress { position, step, run, shown, calls, .. } = raw;
    let position = match position {
        Position::Rest(node) => Position::Rest(at(&node)?),
        Position::Unfinished(node) => Position::Unfinished(at(&node)?),
        Position::Ended => Position::Ended,
    };
    let unfinished = match (raw.unfinished, position) {
        (Some(run), Position::Unfinished(_)) => {
            let Unfinished { origin, origin_failure, inputs: json } = run;
            let origin = find::<G>("the unfinished run started at", &origin)?;
            let origin_failure = failure(origin_failure)?;
            let inputs = RunInputs { typed: read(&json).ok(), json };
            Some(Unfinished { origin, origin_failure, inputs })
        }
        (None, Position::Unfinished(node)) => Some(unfinished_at(node)),
        (_, Position::Rest(_) | Position::Ended) => None,
    };
    Ok(Progress { position, step, run, shown, calls, failure: failure(raw.failure)?, unfinished })
}

/// Converts the state machine into its form in a log.
pub(super) fn to_raw<N: Node, T>(
    progress: &Progress<N, Failure, RunInputs<T>, CallRecord>,
) -> RawProgress {
    let name = |node: N| node.name().to_owned();
    let failure = |failure: &Option<Failure>| failure.as_ref().map(FailureRecord::from);
    Progress {
        position: progress.position.map(name),
        step: progress.step,
        run: progress.run,
        shown: progress.shown,
        calls: progress.calls.clone(),
        failure: failure(&progress.failure),
        unfinished: progress.unfinished.as_ref().map(|run| Unfinished {
            origin: name(run.origin),
            origin_failure: failure(&run.origin_failure),
            inputs: run.inputs.json.clone(),
        }),
    }
}

/// Finds a node by its name. `what` is the start of the error message, before the node.
pub(crate) fn find<G: Graph>(what: &'static str, node: &str) -> Result<G::Node, RestoreError> {
    let found = G::Node::ALL.iter().find(|known| known.name() == node);
    found.copied().ok_or_else(|| RestoreError::UnknownNode {
        what,
        node: node.to_owned(),
        graph: G::TOPOLOGY.name,
        nodes: G::Node::ALL.iter().map(|node| node.name()).collect::<Vec<_>>().join(", "),
    })
}

pub(crate) fn restore_failure<G: Graph>(record: &FailureRecord) -> Result<Failure, RestoreError> {
    let node = find::<G>("the session has a failure of", &record.node)?.name();
    let names = G::State::FIELDS.iter().map(|field| field.name);
    let inputs = G::TOPOLOGY.inputs.iter().map(|input| input.name);
    let cause = FailureCause::restore(&record.cause, names.chain(inputs));
    Ok(Failure::new(node, record.attempts, cause))
}
