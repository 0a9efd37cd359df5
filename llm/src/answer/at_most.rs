//! A limit on the length of an answer.

use super::{Chunks, Item, unfold};
use crate::{
    Chunk, End, Reason,
    clock::{Clock, Stopwatch},
};
use futures_util::StreamExt;

struct AtMost<'a> {
    answer: Option<Chunks<'a>>,
    clock: Clock,
    watch: Option<Stopwatch>,
    remaining: usize,
    end: Option<End>,
}

impl AtMost<'_> {
    async fn next(&mut self) -> Option<Item> {
        if let Some(end) = self.end.take() {
            return Some(Ok(Chunk::End(end)));
        }
        let watch = self.watch.get_or_insert_with(|| self.clock.stopwatch());
        let mut item = self.answer.as_mut()?.next().await?;
        if let Ok(Chunk::Delta(text)) = &mut item {
            watch.delta();
            if text.len() > self.remaining {
                text.truncate(text.floor_char_boundary(self.remaining));
                let end = End { reason: Reason::Limit, usage: watch.usage(None, None) };
                self.answer = None;
                if text.is_empty() {
                    return Some(Ok(Chunk::End(end)));
                }
                self.end = Some(end);
            } else {
                self.remaining -= text.len();
            }
        }
        Some(item)
    }
}

pub(super) fn at_most(answer: Chunks<'_>, bytes: usize) -> Chunks<'_> {
    let clock = answer.clock().clone();
    let state = AtMost {
        answer: Some(answer),
        clock: clock.clone(),
        watch: None,
        remaining: bytes,
        end: None,
    };
    unfold(clock, state, async |mut state| {
        let item = state.next().await?;
        Some((item, state))
    })
}
