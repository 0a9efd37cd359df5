//! Joining of small deltas.

use super::{Chunks, Item, unfold};
use crate::{Chunk, clock::Clock};
use burdock::runtime::Sleep;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use std::{mem, time::Duration};

struct Coalesce<'a> {
    /// `None` after its last item.
    answer: Option<Chunks<'a>>,
    buffer: String,
    /// Deadline of the oldest buffered text.
    deadline: Option<Sleep>,
    /// The item that follows the buffered text.
    pending: Option<Item>,
    bytes: usize,
    delay: Duration,
    clock: Clock,
}

impl Coalesce<'_> {
    async fn next(&mut self) -> Option<Item> {
        if let Some(item) = self.pending.take() {
            return Some(item);
        }
        loop {
            let Some(answer) = &mut self.answer else { return self.flush() };
            let item = match &mut self.deadline {
                None => answer.next().await,
                Some(deadline) => match select(deadline, answer.next()).await {
                    Either::Right((item, _)) => item,
                    Either::Left(_) => return self.flush(),
                },
            };
            match item {
                Some(Ok(Chunk::Delta(text))) => {
                    self.buffer.push_str(&text);
                    if self.buffer.len() >= self.bytes {
                        return self.flush();
                    }
                    if self.deadline.is_none() && !self.buffer.is_empty() {
                        self.deadline = Some(self.clock.sleep(self.delay));
                    }
                }
                Some(item) => {
                    if !matches!(item, Ok(Chunk::ToolCallDelta(_) | Chunk::ToolCall(_))) {
                        self.answer = None;
                    }
                    return match self.flush() {
                        None => Some(item),
                        text => {
                            self.pending = Some(item);
                            text
                        }
                    };
                }
                None => self.answer = None,
            }
        }
    }

    fn flush(&mut self) -> Option<Item> {
        self.deadline = None;
        let text = mem::take(&mut self.buffer);
        (!text.is_empty()).then_some(Ok(Chunk::Delta(text)))
    }
}

pub(super) fn coalesce(answer: Chunks<'_>, bytes: usize, delay: Duration) -> Chunks<'_> {
    let clock = answer.clock().clone();
    let state = Coalesce {
        answer: Some(answer),
        buffer: String::new(),
        deadline: None,
        pending: None,
        bytes,
        delay,
        clock: clock.clone(),
    };
    unfold(clock, state, async |mut state| {
        let item = state.next().await?;
        Some((item, state))
    })
}
