//! Conditions and delays of retries.

use super::Retrying;
use crate::{
    Answer, Chunk, End, Model, ModelError, Reason, Request, Script, Scripted, Usage,
    scripted::Fault,
};
use futures::{StreamExt, stream};
use std::time::Duration;
use tokio::time::Instant;

fn limited(seconds: u64) -> Script {
    let retry_after = Some(Duration::from_secs(seconds));
    Script::new().fault(Fault::Refused { status: 429, retry_after })
}

/// Returns the result of these answers, the number of requests, and the time taken.
async fn ask(scripts: &[Script]) -> (Result<String, ModelError>, usize, Duration) {
    let provider = Scripted::new(scripts.iter().cloned());
    let start = Instant::now();
    let answer = Retrying::new(provider.clone()).chat(Request::prompt("?"));
    assert!(provider.requests().is_empty(), "the answer is lazy");
    let whole = answer.whole().await;
    (whole.map(|whole| whole.text), provider.requests().len(), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn failure_before_the_first_chunk_is_retried() {
    let answered = Script::new().say("hello");
    let (text, requests, took) =
        ask(&[Script::new().refuse(500), Script::new().cut(), answered.clone()]).await;
    assert_eq!((text, requests), (Ok("hello".to_owned()), 3));
    let wait = Duration::from_millis;
    assert!(wait(750) <= took && took <= wait(1510), "{took:?}");

    let (text, requests, _) = ask(&[Script::new().refuse(503)]).await;
    assert!(matches!(text, Err(ModelError::Refused { status: 503, .. })));
    assert_eq!(requests, 3);
    let (text, requests, _) = ask(&[Script::new().refuse(401), answered]).await;
    assert!(matches!(text, Err(ModelError::Refused { status: 401, .. })));
    assert_eq!(requests, 1);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_respected_unless_it_is_too_long() {
    let (text, requests, took) = ask(&[limited(7), Script::new().say("hello")]).await;
    assert_eq!((text, requests), (Ok("hello".to_owned()), 2));
    assert!(took >= Duration::from_secs(7) && took < Duration::from_millis(7010), "{took:?}");
    let (text, requests, took) = ask(&[limited(31), Script::new().say("hello")]).await;
    assert!(text.is_err_and(|error| error.retry_after().is_some()));
    assert_eq!((requests, took), (1, Duration::ZERO));
}

#[tokio::test]
async fn stream_is_not_polled_after_its_end() {
    /// A model whose stream panics when it is polled after its end.
    #[derive(Debug)]
    struct PanicsAfterEnd(&'static [Chunk]);
    impl Model for PanicsAfterEnd {
        fn chat(&self, _: Request) -> Answer {
            Answer::new(stream::unfold(self.0.iter(), async |mut rest| {
                let chunk = rest.next()?.clone();
                Some((Ok(chunk), rest))
            }))
        }
    }
    const END: Chunk = Chunk::End(End {
        reason: Reason::Complete,
        usage: Usage { input_tokens: None, output_tokens: None, first_delta: None },
    });
    for chunks in [&[][..], &[END]] {
        let answer = Retrying::new(PanicsAfterEnd(chunks)).chat(Request::prompt("?"));
        assert_eq!(answer.fuse().count().await, chunks.len());
    }
}

#[tokio::test(start_paused = true)]
async fn failure_after_the_first_chunk_is_not_retried() {
    let gave_up = Script::new().say("hel").fault(Fault::GaveUp { reason: "overloaded".into() });
    let provider = Scripted::new([gave_up, Script::new().say("hello")]);
    let answer = Retrying::new(provider.clone()).chat(Request::prompt("?"));
    let items: Vec<_> = answer.collect().await;
    assert_eq!(items.len(), 2);
    assert!(matches!(items.last(), Some(Err(ModelError::GaveUp { .. }))));
    assert_eq!(provider.requests().len(), 1);
}
