//! Tails: their entries, waiting and errors.

use crate::{
    entries::{item, several, snapshot},
    trial::{Stop, Trial, Verdict, delay, ensure, ensure_eq, ensure_err, within},
    wakers::{CountedWaker, SwapWakers, WakeHook},
};
use burdock::log::{LogError, Offset, Record, Tail, Urgency, tail};
use futures::future::join_all;
use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Checks the next entries of a tail.
async fn ensure_next(trial: &Trial, tail: &mut Tail, expected: &[Record]) -> Verdict {
    for expected in expected {
        let next = trial.soon("next entry of a tail", tail.next()).await?;
        ensure_eq!(next.transpose()?.as_ref(), Some(expected), "next entry of a tail");
    }
    Ok(())
}

/// Checks that a tail has no more entries for now.
async fn ensure_waits(tail: &mut Tail) -> Verdict {
    match within(Duration::from_millis(5), tail.next()).await {
        None => Ok(()),
        Some(next) => Err(Stop::failure(format!("a tail at the end returned {next:?}"))),
    }
}

pub(crate) async fn tail_returns_stored_entries_and_then_new_ones(trial: Trial) -> Verdict {
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

pub(crate) async fn tail_from_the_end_waits(trial: Trial) -> Verdict {
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

pub(crate) async fn tail_from_beyond_the_end_skips_earlier_entries(trial: Trial) -> Verdict {
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

pub(crate) async fn tail_concurrent_with_a_writer_misses_nothing(trial: Trial) -> Verdict {
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
                    None => return Err(Stop::failure("a tail ended without an error")),
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
        let seen = trial.soon("end of a tail concurrent with a writer", tail).await??;
        ensure!(seen == writer.sent, "a tail returned other entries than were written");
    }
    Ok(())
}

pub(crate) async fn slow_tail_misses_nothing(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    let mut tail = tail(&trial.log, &writer.session, Offset::ZERO);
    for seen in 0..20 {
        ensure_next(&trial, &mut tail, &writer.sent[seen..=seen]).await?;
        writer.append(several(writer.next.0..writer.next.0 + 50)?).await?;
    }
    ensure_next(&trial, &mut tail, &writer.sent[20..]).await?;
    ensure_waits(&mut tail).await
}

pub(crate) async fn tail_continues_after_a_takeover(trial: Trial) -> Verdict {
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

pub(crate) async fn many_tails_return_the_same_entries(trial: Trial) -> Verdict {
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
        // some tails are dropped while they wait
        let waiting = tails.iter_mut().map(|(_, tail)| tail.next());
        let early =
            within(Duration::from_millis(10), futures::future::select_all(waiting.map(Box::pin)));
        ensure!(early.await.is_none(), "a tail at the end returned an entry");
        let mut count = 0;
        tails.retain(|_| {
            count += 1;
            count % 3 != 0
        });
    }
    Ok(())
}

pub(crate) async fn dropped_tail_releases_its_waker(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    for _ in 0..100 {
        let mut tail = tail(&trial.log, &writer.session, Offset(1));
        let seen = trial.soon("entry", tail.next()).await?.transpose()?;
        ensure_eq!(seen.as_ref(), Some(&writer.sent[1]), "entry of a tail before it was dropped");
    }
    let wakers = poll_fn(|cx| {
        let counted = Arc::new(CountedWaker(cx.waker().clone()));
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
    trial.until("wakers of dropped tails are dropped", || Arc::strong_count(&counted) == 1).await?;
    writer.write(3).await?;
    crate::trial::ensure_content(&trial.log, &writer.session, &writer.sent).await
}

pub(crate) async fn waiting_tail_does_not_spin(trial: Trial) -> Verdict {
    let writer = trial.session("session", 3).await?;
    for _ in 0..50 {
        let reached = trial.log.reached(&writer.session, writer.next);
        match within(Duration::from_millis(20), reached).await {
            None => return Ok(()),
            Some(ready) => ready?,
        }
    }
    Err(Stop::failure("`reached` completed 50 times without a new entry"))
}

pub(crate) async fn tail_wakes_its_latest_waker(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    for _ in 0..3 {
        let mut reached = SwapWakers::new(trial.log.reached(&writer.session, writer.next));
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
            None => trial.soon("wake-up of a task with another waker", reached).await?,
        };
        ready?;
        writer = writing.await?;
    }
    Ok(())
}

pub(crate) async fn waker_can_call_the_log(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let (log, id) = (Arc::clone(&trial.log), writer.session.clone());
    let at_end = || trial.log.reached(&writer.session, writer.next);
    let mut reached = WakeHook::new(at_end(), move || drop(log.info(&id)));
    let early = within(Duration::from_millis(20), &mut reached).await;
    let appended = writer.send(several(3..5)?, Urgency::Now);
    trial.soon("append that wakes a tail", appended).await??;
    if early.is_none() {
        trial.soon("end of waiting", reached).await??;
    }
    Ok(())
}

pub(crate) async fn tail_ends_when_its_session_is_deleted(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        let writer = trial.session("session", 3).await?;
        let mut tails = [0, 3, 9].map(|from| tail(&log, &writer.session, Offset(from)));
        ensure_next(&trial, &mut tails[0], &writer.sent).await?;
        for tail in &mut tails {
            ensure_waits(tail).await?;
        }
        trial.log.delete(&writer.session).await?;
        for tail in &mut tails {
            let end = trial.soon("end of a tail of a deleted session", tail.next()).await?;
            ensure_err!(
                end.transpose(),
                LogError::NoSession { session } if session == writer.session,
                "tail of a deleted session"
            );
            let end = trial.soon("next entry after the error", tail.next()).await?;
            ensure!(end.is_none(), "a tail continues after an error: {end:?}");
        }
    }
    Ok(())
}

pub(crate) async fn tail_does_not_continue_in_a_recreated_session(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        let mut writer = trial.session("session", 3).await?;
        // a tail that returned entries and waits, one that waits for its first entry, and one that has
        // not been polled since more entries were appended
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
            let next = trial.soon("end of a tail", tail.next()).await?;
            ensure_err!(
                next.transpose(),
                LogError::NoSession { .. },
                "tail {index} of a session that was deleted and recreated"
            );
        }
        trial.log.delete(&again.session).await?;
    }
    Ok(())
}

pub(crate) async fn slow_tail_ends_when_its_session_was_recreated(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        // shorter than the read part of the first session, equal, and longer
        for entries in [1, 3, 9, 600] {
            let writer = trial.session("session", 3).await?;
            let mut tail = tail(&log, &writer.session, Offset::ZERO);
            ensure_next(&trial, &mut tail, &writer.sent).await?;
            // while the tail is not polled
            trial.log.delete(&writer.session).await?;
            let mut again = trial.open("session").await?;
            again.append(several(0..entries)?).await?;
            let next = trial.soon("end of a slow tail", tail.next()).await?;
            ensure_err!(
                next.transpose(),
                LogError::NoSession { .. },
                "slow tail of a recreated session with {entries} entries"
            );
            trial.log.delete(&again.session).await?;
        }
    }
    Ok(())
}

pub(crate) async fn waiting_tail_ends_when_its_session_was_recreated(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        // the recreated session has the awaited entry, or not
        for entries in [9, 3] {
            let writer = trial.session("session", 3).await?;
            let mut tail = tail(&log, &writer.session, Offset(5));
            // a remote log starts waiting at an unknown time; before that, it may use the recreated
            // session
            let early = within(Duration::from_millis(250), tail.next()).await;
            ensure!(early.is_none(), "a tail beyond the end returned {early:?}");
            trial.log.delete(&writer.session).await?;
            trial.session("session", entries).await?;
            let next = trial.soon("end of a tail", tail.next()).await?;
            ensure_err!(
                next.transpose(),
                LogError::NoSession { .. },
                "tail that waited while its session was deleted and recreated"
            );
            trial.log.delete(&writer.session).await?;
        }
    }
    Ok(())
}

pub(crate) async fn tail_of_a_missing_session_ends(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    for from in [0, 1, 1000] {
        let mut tail = tail(&trial.log, &id, Offset(from));
        let next = trial.soon("end of a tail of a missing session", tail.next()).await?;
        ensure_err!(next.transpose(), LogError::NoSession { .. }, "tail of a missing session");
        ensure!(tail.next().await.is_none(), "a tail continues after an error");
    }
    Ok(())
}

pub(crate) async fn slow_tail_reports_trimmed_entries(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 600).await?;
    let mut slow = tail(&trial.log, &writer.session, Offset::ZERO);
    let mut current = tail(&trial.log, &writer.session, Offset(598));
    ensure_next(&trial, &mut slow, &writer.sent[..10]).await?;
    ensure_next(&trial, &mut current, &writer.sent[598..]).await?;
    ensure_waits(&mut current).await?;
    writer.append(vec![snapshot(1)?]).await?;
    trial.log.trim(&writer.session, Offset(600)).await?;
    writer.append(vec![item("on")?]).await?;
    ensure_next(&trial, &mut current, &writer.sent[600..]).await?;
    // entries that it has read ahead may still be returned, in order
    for expected in &writer.sent[10..] {
        match trial.soon("next entry of a slow tail", slow.next()).await? {
            Some(Ok(record)) => ensure_eq!(record, *expected, "next entry of a slow tail"),
            Some(Err(LogError::Trimmed { first: Offset(600), .. })) => return Ok(()),
            other => return Err(Stop::failure(format!("a slow tail returned {other:?}"))),
        }
        if expected.offset == Offset(599) {
            break;
        }
    }
    Err(Stop::failure("a tail that lacks trimmed entries does not report it"))
}
