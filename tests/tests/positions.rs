//! `run`, `resume`, `restart` and `reopen` at every position.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use burdock::{App, Outcome, Position};
use burdock_tests::script::{
    Do, Drops, EventRecorder, Line, LineInputs, LineNode as At, LineResources, Log, Script,
};

async fn at(position: Position<At>, script: Script) -> (App<Line>, EventRecorder) {
    let recorder = EventRecorder::default();
    let app = Line::app()
        .resources(LineResources { script, drops: Drops::default() })
        .at(position)
        .observer(recorder.observer())
        .build()
        .await
        .unwrap();
    (app, recorder)
}

/// An app that is unfinished after a failed run.
async fn unfinished() -> (App<Line>, EventRecorder) {
    let (mut app, recorder) =
        at(Position::Rest(At::first), Script::default().on("second", [Do::Fail("no")])).await;
    app.run(LineInputs {}).await.unwrap_err();
    recorder.take();
    (app, recorder)
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Run,
    Resume,
    Restart,
}

async fn call(app: &mut App<Line>, call: Call) -> Result<Outcome<At>, String> {
    let run = match call {
        Call::Run => app.run(LineInputs {}),
        Call::Resume => app.resume(),
        Call::Restart => app.restart(LineInputs {}),
    };
    run.await.map(|end| end.outcome()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn each_call_is_rejected_at_other_positions() {
    let rest = Position::Rest(At::third);
    let table = [
        (rest, Call::Run, Ok("third")),
        (
            rest,
            Call::Resume,
            Err("the session is at rest before node `third`: `run(inputs)` starts a run"),
        ),
        (
            rest,
            Call::Restart,
            Err("the session is at rest before node `third`: `run(inputs)` starts a run"),
        ),
        (
            Position::Unfinished(At::second),
            Call::Run,
            Err(
                "the last run is unfinished at node `second`: `resume()` continues it, `restart(inputs)` starts it again",
            ),
        ),
        (
            Position::Unfinished(At::second),
            Call::Resume,
            Err(
                "the inputs of the run at node `second` are not known: `restart(inputs)` starts it again with new ones",
            ),
        ),
        (Position::Unfinished(At::second), Call::Restart, Ok("second third")),
        (
            Position::Ended,
            Call::Run,
            Err("the session has ended: `reopen()` moves it back to its start"),
        ),
        (
            Position::Ended,
            Call::Resume,
            Err("the session has ended: `reopen()` moves it back to its start"),
        ),
        (
            Position::Ended,
            Call::Restart,
            Err("the session has ended: `reopen()` moves it back to its start"),
        ),
    ];
    for (position, kind, expected) in table {
        let (mut app, recorder) = at(position, Script::default()).await;
        let outcome = call(&mut app, kind).await;
        match expected {
            Ok(nodes) => {
                assert_eq!(outcome, Ok(Outcome::Paused(At::first)), "{position:?} {kind:?}");
                assert_eq!(app.state().nodes(), nodes);
            }
            Err(text) => {
                assert_eq!(outcome, Err(text.to_owned()), "{position:?} {kind:?}");
                assert_eq!(app.position(), position, "a rejected call changes nothing");
                assert_eq!(app.state(), &Log::default());
                assert_eq!(recorder.take(), "", "nothing was run");
            }
        }
    }
}

#[tokio::test]
async fn a_rejected_run_yields_its_error_as_its_only_item() {
    let (mut app, _) = unfinished().await;
    let mut run = app.run(LineInputs {});
    assert!(run.next().await.unwrap().is_err());
    assert!(run.next().await.is_none());
    assert!(run.finish().await.is_err());
}

#[tokio::test]
async fn resume_continues_at_the_node_and_restart_at_the_start_of_the_run() {
    let (mut app, _) = unfinished().await;
    assert_eq!(call(&mut app, Call::Resume).await, Ok(Outcome::Paused(At::first)));
    assert_eq!(app.state().nodes(), "first second third");

    let (mut app, _) = unfinished().await;
    assert_eq!(call(&mut app, Call::Restart).await, Ok(Outcome::Paused(At::first)));
    assert_eq!(app.state().nodes(), "first first second third", "the committed state is kept");
}

#[tokio::test]
async fn resume_after_resume_and_restart_after_restart_work_alike() {
    let script = Script::default()
        .on("second", [Do::Fail("1")])
        .on("second", [Do::Fail("2")])
        .on("first", [])
        .on("first", [Do::Fail("3")]);
    let (mut app, _) = at(Position::Rest(At::first), script).await;
    assert!(call(&mut app, Call::Run).await.is_err());
    assert!(call(&mut app, Call::Resume).await.is_err());
    assert_eq!(app.position(), Position::Unfinished(At::second));
    assert!(call(&mut app, Call::Restart).await.is_err());
    assert_eq!(app.position(), Position::Unfinished(At::first));
    assert!(call(&mut app, Call::Restart).await.is_ok());
    assert_eq!(app.state().nodes(), "first first second third");
}

#[tokio::test]
async fn restart_returns_to_the_start_of_the_run_even_after_resumes() {
    let (mut app, _) = at(
        Position::Rest(At::second),
        Script::default().on("third", [Do::Fail("1")]).on("third", [Do::Fail("2")]),
    )
    .await;
    assert!(call(&mut app, Call::Run).await.is_err());
    assert!(call(&mut app, Call::Resume).await.is_err());
    assert!(call(&mut app, Call::Restart).await.is_ok());
    assert_eq!(app.state().nodes(), "second second third");
}

#[tokio::test]
async fn reopen_moves_an_ended_session_to_its_start_and_rejects_any_other() {
    let (mut app, _) = at(Position::Ended, Script::default()).await;
    app.reopen().unwrap();
    assert_eq!(app.position(), Position::Rest(At::first));
    assert_eq!(call(&mut app, Call::Run).await, Ok(Outcome::Paused(At::first)));

    for position in [Position::Rest(At::third), Position::Unfinished(At::third)] {
        let (mut app, _) = at(position, Script::default()).await;
        let error = app.reopen().unwrap_err();
        assert_eq!(error.to_string(), "the session has not ended, it is at node `third`");
        assert_eq!(app.position(), position);
    }
}
