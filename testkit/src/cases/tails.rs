//! Tails: what they see, how they wait, how they end.

use crate::{
    entries::{item, several, snapshot},
    trial::{Stop, Trial, Verdict, delay, ensure, ensure_eq, ensure_refused, within},
    wakers::{Counted, Doing, Exchanging},
};
use burdock::log::{LogError, Offset, Record, Tail, Urgency, tail};
use futures::future::join_all;
use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// The next entries of a tail are these.
async fn ensure_next(trial: &Trial, tail: &mut Tail, expected: &[Record]) -> Verdict {
    for expected in expected {
        let next = trial.soon("the next entry of a tail", tail.next()).await?;
        ensure_eq!(next.transpose()?.as_ref(), Some(expected), "the next entry of a tail");
    }
    Ok(())
}

/// A tail has nothing more to tell for now.
async fn ensure_waits(tail: &mut Tail) -> Verdict {
    match within(Duration::from_millis(5), tail.next()).await {
        None => Ok(()),
        Some(next) => Err(Stop::fault(format!("a tail at the end has something: {next:?}"))),
    }
}

pub(crate) async fn a_tail_reads_what_is_there_and_then_what_comes(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 300).await?;
    for from in [0, 1, 299] {
        let mut tail = tail(&trial.log, &writer.session, Offset(from));
        let seen = usize::try_from(from).unwrap_or_default();
        ensure_next(&trial, &mut tail, &writer.sent[seen..]).await?;
        ensure_waits(&mut tail).await?;
        for more in [1, 3, 300] {
            let seen = writer.sent.len();
            writer.append(several(writer.next.0..writer.next.0 + more)?).await?;
            ensure_next(&trial, &mut tail, &writer.sent[seen..]).await?;
            ensure_waits(&mut tail).await?;
        }
    }
    Ok(())
}

pub(crate) async fn a_tail_from_the_end_waits(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let mut tail = tail(&trial.log, &writer.session, Offset(3));
    for _ in 0..10 {
        ensure_waits(&mut tail).await?;
        let seen = writer.sent.len();
        writer.write(1).await?;
        ensure_next(&trial, &mut tail, &writer.sent[seen..]).await?;
    }
    Ok(())
}

pub(crate) async fn a_tail_from_behind_the_end_skips_what_is_before(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let mut tail = tail(&trial.log, &writer.session, Offset(8));
    for more in [1, 3, 1] {
        ensure_waits(&mut tail).await?;
        writer.append(several(writer.next.0..writer.next.0 + more)?).await?;
    }
    ensure_waits(&mut tail).await?;
    writer.write(2).await?;
    ensure_next(&trial, &mut tail, &writer.sent[8..]).await?;
    ensure_waits(&mut tail).await
}

pub(crate) async fn a_tail_misses_nothing_while_a_writer_writes(trial: Trial) -> Verdict {
    const END: u64 = 500;
    let mut writer = trial.session("session", 1).await?;
    let mut tails = Vec::new();
    for log in trial.handles().await?.into_iter().cycle().take(3) {
        let id = writer.session.clone();
        tails.push(trial.spawn(async move {
            let (mut tail, mut seen) = (tail(&log, &id, Offset::ZERO), Vec::new());
            while seen.len() < usize::try_from(END).unwrap_or_default() {
                match tail.next().await {
                    Some(record) => seen.push(record?),
                    None => return Err(Stop::fault("a tail ended without an error")),
                }
            }
            Ok(seen)
        }));
    }
    while writer.next < Offset(END) {
        let more = 1 + writer.next.0 % 3;
        let more = several(writer.next.0..END.min(writer.next.0 + more))?;
        writer.append(more).await?;
    }
    for tail in tails {
        let seen = trial.soon("the end of a tail beside a writer", tail).await??;
        ensure!(seen == writer.sent, "a tail saw other entries than were written");
    }
    Ok(())
}

pub(crate) async fn a_slow_tail_misses_nothing(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    let mut tail = tail(&trial.log, &writer.session, Offset::ZERO);
    for seen in 0..20 {
        ensure_next(&trial, &mut tail, &writer.sent[seen..=seen]).await?;
        writer.append(several(writer.next.0..writer.next.0 + 50)?).await?;
    }
    ensure_next(&trial, &mut tail, &writer.sent[20..]).await?;
    ensure_waits(&mut tail).await
}

pub(crate) async fn a_tail_goes_on_over_a_takeover(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 2).await?;
    let mut tail = tail(&trial.log, &writer.session, Offset::ZERO);
    ensure_next(&trial, &mut tail, &writer.sent).await?;
    for entries in [1, 0, 3] {
        ensure_waits(&mut tail).await?;
        writer = writer.successor().await?;
        ensure_waits(&mut tail).await?;
        writer.write(entries).await?;
        ensure_next(&trial, &mut tail, &writer.sent).await?;
    }
    Ok(())
}

pub(crate) async fn many_tails_see_the_same(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 10).await?;
    let mut tails: Vec<_> = (0..100)
        .map(|count| (count % 12, tail(&trial.log, &writer.session, Offset(count % 12))))
        .collect();
    for _ in 0..3 {
        writer.append(several(writer.next.0..writer.next.0 + 4)?).await?;
        let sent = &writer.sent;
        let reading = tails.iter_mut().map(async |(next, tail)| {
            let seen = usize::try_from(*next).unwrap_or_default();
            ensure_next(&trial, tail, &sent[seen..]).await?;
            *next = sent.len() as u64;
            Ok(())
        });
        join_all(reading).await.into_iter().collect::<Verdict>()?;
        // some are dropped while they wait
        let waiting = tails.iter_mut().map(|(_, tail)| tail.next());
        let early =
            within(Duration::from_millis(10), futures::future::select_all(waiting.map(Box::pin)));
        ensure!(early.await.is_none(), "a tail at the end has something");
        let mut count = 0;
        tails.retain(|_| {
            count += 1;
            count % 3 != 0
        });
    }
    Ok(())
}

pub(crate) async fn an_abandoned_tail_leaves_nothing_behind(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    for _ in 0..100 {
        let mut tail = tail(&trial.log, &writer.session, Offset(1));
        let seen = trial.soon("an entry", tail.next()).await?.transpose()?;
        ensure_eq!(seen.as_ref(), Some(&writer.sent[1]), "what a tail saw before it was dropped");
    }
    let wakers = poll_fn(|cx| {
        let counted = Arc::new(Counted(cx.waker().clone()));
        let waker = Waker::from(Arc::clone(&counted));
        let mut waiting: Vec<_> =
            (0..100).map(|_| trial.log.reached(&writer.session, writer.next)).collect();
        for reached in &mut waiting {
            let _ = reached.as_mut().poll(&mut Context::from_waker(&waker));
        }
        Poll::Ready((counted, waiting))
    });
    let (counted, waiting) = wakers.await;
    delay(Duration::from_millis(5)).await;
    drop(waiting);
    trial
        .until("wakers of tails are dropped with them", || Arc::strong_count(&counted) == 1)
        .await?;
    writer.write(3).await?;
    crate::trial::ensure_content(&trial.log, &writer.session, &writer.sent).await
}

pub(crate) async fn a_waiting_tail_does_not_spin(trial: Trial) -> Verdict {
    let writer = trial.session("session", 3).await?;
    for _ in 0..50 {
        let reached = trial.log.reached(&writer.session, writer.next);
        match within(Duration::from_millis(20), reached).await {
            None => return Ok(()),
            Some(ready) => ready?,
        }
    }
    Err(Stop::fault("`reached` was ready 50 times though nothing came"))
}

pub(crate) async fn a_tail_is_woken_by_its_last_waker(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    for _ in 0..3 {
        let mut reached = Exchanging::new(trial.log.reached(&writer.session, writer.next));
        let mut ready = None;
        for _ in 0..5 {
            if ready.is_none() {
                ready = within(Duration::from_millis(2), &mut reached).await;
            }
        }
        let (log, mut other) = (Arc::clone(&trial.log), trial.open("session").await?);
        let writing = trial.spawn(async move {
            delay(Duration::from_millis(5)).await;
            let _ = log;
            other.write(1).await?;
            Ok(other)
        });
        let ready = match ready {
            Some(ready) => ready,
            None => trial.soon("the wake-up of a task with another waker", reached).await?,
        };
        ready?;
        writer = writing.await?;
    }
    Ok(())
}

pub(crate) async fn a_waker_may_call_the_log(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let (log, id) = (Arc::clone(&trial.log), writer.session.clone());
    let at_end = || trial.log.reached(&writer.session, writer.next);
    let mut reached = Doing::new(at_end(), move || drop(log.info(&id)));
    let early = within(Duration::from_millis(20), &mut reached).await;
    let appended = writer.send(several(3..5)?, Urgency::Now);
    trial.soon("an append that wakes a tail", appended).await??;
    if early.is_none() {
        trial.soon("the end of waiting", reached).await??;
    }
    Ok(())
}

pub(crate) async fn a_tail_of_a_deleted_session_ends(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        let writer = trial.session("session", 3).await?;
        let mut tails = [0, 3, 9].map(|from| tail(&log, &writer.session, Offset(from)));
        ensure_next(&trial, &mut tails[0], &writer.sent).await?;
        for tail in &mut tails {
            ensure_waits(tail).await?;
        }
        trial.log.delete(&writer.session).await?;
        for tail in &mut tails {
            let end = trial.soon("the end of a tail of a deleted session", tail.next()).await?;
            ensure_refused!(
                end.transpose(),
                LogError::NoSession { session } if session == writer.session,
                "a tail of a deleted session"
            );
            let end = trial.soon("what follows the end", tail.next()).await?;
            ensure!(end.is_none(), "a tail goes on after an error: {end:?}");
        }
    }
    Ok(())
}

pub(crate) async fn a_tail_does_not_go_on_in_another_session_of_its_id(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        let mut writer = trial.session("session", 3).await?;
        // one that saw entries, one that waits for its first, one that has entries before it
        let mut tails = [0, 3, 0].map(|from| tail(&log, &writer.session, Offset(from)));
        ensure_next(&trial, &mut tails[0], &writer.sent).await?;
        ensure_next(&trial, &mut tails[2], &writer.sent).await?;
        for tail in &mut tails[..2] {
            ensure_waits(tail).await?;
        }
        writer.write(2).await?;
        ensure_next(&trial, &mut tails[0], &writer.sent[3..]).await?;
        ensure_next(&trial, &mut tails[1], &writer.sent[3..]).await?;
        ensure_waits(&mut tails[0]).await?;
        ensure_waits(&mut tails[1]).await?;
        trial.log.delete(&writer.session).await?;
        let again = trial.session("session", 9).await?;
        for (index, tail) in tails.iter_mut().enumerate() {
            let next = trial.soon("the end of a tail", tail.next()).await?;
            ensure_refused!(
                next.transpose(),
                LogError::NoSession { .. },
                "tail {index} of a session that was deleted and made again"
            );
        }
        trial.log.delete(&again.session).await?;
    }
    Ok(())
}

pub(crate) async fn a_slow_tail_ends_when_its_session_was_made_again(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        // shorter than what the tail has read, as long, and longer
        for entries in [1, 3, 9, 600] {
            let writer = trial.session("session", 3).await?;
            let mut tail = tail(&log, &writer.session, Offset::ZERO);
            ensure_next(&trial, &mut tail, &writer.sent).await?;
            // while nobody polls it
            trial.log.delete(&writer.session).await?;
            let mut again = trial.open("session").await?;
            again.append(several(0..entries)?).await?;
            let next = trial.soon("the end of a slow tail", tail.next()).await?;
            ensure_refused!(
                next.transpose(),
                LogError::NoSession { .. },
                "a slow tail whose session has {entries} entries after it was made again"
            );
            trial.log.delete(&again.session).await?;
        }
    }
    Ok(())
}

pub(crate) async fn who_waits_for_a_session_is_not_told_of_a_later_one(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        // the later session has the entry that is waited for, or it does not
        for entries in [9, 3] {
            let writer = trial.session("session", 3).await?;
            let mut tail = tail(&log, &writer.session, Offset(5));
            // nothing tells when a log that is far away has begun to wait, and before it has it may
            // well take the later session for its own
            let early = within(Duration::from_millis(250), tail.next()).await;
            ensure!(early.is_none(), "a tail behind the end has something: {early:?}");
            trial.log.delete(&writer.session).await?;
            trial.session("session", entries).await?;
            let next = trial.soon("the end of a tail", tail.next()).await?;
            ensure_refused!(
                next.transpose(),
                LogError::NoSession { .. },
                "a tail that waited while its session was deleted and made again"
            );
            trial.log.delete(&writer.session).await?;
        }
    }
    Ok(())
}

pub(crate) async fn a_tail_of_no_session_ends(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    for from in [0, 1, 1000] {
        let mut tail = tail(&trial.log, &id, Offset(from));
        let next = trial.soon("the end of a tail of no session", tail.next()).await?;
        ensure_refused!(next.transpose(), LogError::NoSession { .. }, "a tail of no session");
        ensure!(tail.next().await.is_none(), "a tail goes on after an error");
    }
    Ok(())
}

pub(crate) async fn a_tail_that_was_overtaken_by_a_trim_says_so(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 600).await?;
    let mut slow = tail(&trial.log, &writer.session, Offset::ZERO);
    let mut there = tail(&trial.log, &writer.session, Offset(598));
    ensure_next(&trial, &mut slow, &writer.sent[..10]).await?;
    ensure_next(&trial, &mut there, &writer.sent[598..]).await?;
    ensure_waits(&mut there).await?;
    writer.append(vec![snapshot(1)?]).await?;
    trial.log.trim(&writer.session, Offset(600)).await?;
    writer.append(vec![item("on")?]).await?;
    ensure_next(&trial, &mut there, &writer.sent[600..]).await?;
    // what it had read ahead it may still tell, in order
    for expected in &writer.sent[10..] {
        match trial.soon("the next entry of a slow tail", slow.next()).await? {
            Some(Ok(record)) => ensure_eq!(record, *expected, "the next entry of a slow tail"),
            Some(Err(LogError::Trimmed { first: Offset(600), .. })) => return Ok(()),
            other => return Err(Stop::fault(format!("a slow tail comes to {other:?}"))),
        }
        if expected.offset == Offset(599) {
            break;
        }
    }
    Err(Stop::fault("a tail that lacks entries does not say that they are gone"))
}
