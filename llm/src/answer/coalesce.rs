//! Small deltas, joined.

use super::{Chunks, Item, unfold};
use crate::{Chunk, clock::Clock};
use burdock::runtime::Sleep;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use std::{mem, time::Duration};

struct Coalesce<'a> {
    /// `None` behind its last item.
    answer: Option<Chunks<'a>>,
    held: String,
    /// When the oldest text that is held has waited long enough.
    due: Option<Sleep>,
    /// What comes behind the text that is held.
    behind: Option<Item>,
    bytes: usize,
    delay: Duration,
    clock: Clock,
}

impl Coalesce<'_> {
    async fn next(&mut self) -> Option<Item> {
        if let Some(item) = self.behind.take() {
            return Some(item);
        }
        loop {
            let Some(answer) = &mut self.answer else { return self.flush() };
            let item = match &mut self.due {
                None => answer.next().await,
                Some(due) => match select(due, answer.next()).await {
                    Either::Right((item, _)) => item,
                    Either::Left(_) => return self.flush(),
                },
            };
            match item {
                Some(Ok(Chunk::Delta(text))) => {
                    self.held.push_str(&text);
                    if self.held.len() >= self.bytes {
                        return self.flush();
                    }
                    if self.due.is_none() && !self.held.is_empty() {
                        self.due = Some(self.clock.sleep(self.delay));
                    }
                }
                Some(item) => {
                    if !matches!(item, Ok(Chunk::ToolCall(_))) {
                        self.answer = None;
                    }
                    return match self.flush() {
                        None => Some(item),
                        held => {
                            self.behind = Some(item);
                            held
                        }
                    };
                }
                None => self.answer = None,
            }
        }
    }

    fn flush(&mut self) -> Option<Item> {
        self.due = None;
        let held = mem::take(&mut self.held);
        (!held.is_empty()).then_some(Ok(Chunk::Delta(held)))
    }
}

pub(super) fn coalesce(answer: Chunks<'_>, bytes: usize, delay: Duration) -> Chunks<'_> {
    let clock = answer.clock().clone();
    let state = Coalesce {
        answer: Some(answer),
        held: String::new(),
        due: None,
        behind: None,
        bytes,
        delay,
        clock: clock.clone(),
    };
    unfold(clock, state, async |mut state| {
        let item = state.next().await?;
        Some((item, state))
    })
}
