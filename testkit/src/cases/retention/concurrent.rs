//! Reads while the session is deleted and recreated.

use crate::{
    entries::{item, several, snapshot},
    trial::{Stop, Trial, Verdict, ensure, ensure_eq},
    writer::Writer,
};
use burdock::log::{
    Claim, Epoch, Followed, History, Log, LogError, Offset, RawSessionView, Record, SessionId,
    follow, tail,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Number of times that the session is created and deleted.
const ROUNDS: u64 = 40;

/// Size of an entry that is larger than a page of any log.
const LARGE: usize = 5 << 20;

pub(crate) async fn reads_concurrent_with_deletions_see_one_session_or_none(
    trial: Trial,
) -> Verdict {
    let (id, over) = (trial.id("session")?, Arc::new(AtomicBool::new(false)));
    let mut readers = Vec::new();
    for (index, log) in trial.handles().await?.into_iter().cycle().take(6).enumerate() {
        let (id, over) = (id.clone(), Arc::clone(&over));
        readers.push(trial.spawn(async move {
            // at least once, even if the thread starts late
            let mut last = false;
            while !last {
                last = over.load(Ordering::SeqCst);
                match index % 4 {
                    0 => read_a_view(&log, &id).await?,
                    1 => read_the_history(&log, &id).await?,
                    2 => read_a_tail(&log, &id).await?,
                    _ => read_by_following(&log, &id).await?,
                }
            }
            Ok(())
        }));
    }
    let created = create_and_delete(&trial.log, &id).await;
    over.store(true, Ordering::SeqCst);
    created?;
    for reader in readers {
        trial.soon("end of a reader concurrent with deletions", reader).await??;
    }
    Ok(())
}

async fn create_and_delete(log: &Arc<dyn Log>, id: &SessionId) -> Verdict {
    for round in 0..ROUNDS {
        let mut writer = Writer::open(log, id, Claim::default()).await?;
        // sessions of one page and of several pages, with different last snapshots
        let entries = [1, 300, 7, 1100, 40][usize::try_from(round % 5).unwrap_or_default()];
        writer.append(several(0..entries)?).await?;
        if round % 8 == 3 {
            writer.append(vec![item("x".repeat(LARGE))?]).await?;
        }
        let mut writer = writer.successor().await?;
        writer.append(vec![snapshot(round)?, item(round)?]).await?;
        log.delete(id).await?;
    }
    Ok(())
}

/// Converts the result of a read. Returns `None` if there is no session.
fn found<T>(result: Result<T, LogError>) -> Result<Option<T>, Stop> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LogError::NoSession { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn read_a_view(log: &Arc<dyn Log>, id: &SessionId) -> Verdict {
    found(RawSessionView::latest(log, id).await).map(drop)
}

async fn read_the_history(log: &Arc<dyn Log>, id: &SessionId) -> Verdict {
    let mut history = History::of(log, id);
    while let Some(Some(_)) = found(history.next().await)? {}
    Ok(())
}

async fn read_a_tail(log: &Arc<dyn Log>, id: &SessionId) -> Verdict {
    let (mut tail, mut seen) = (tail(log, id, Offset::ZERO), Vec::new());
    while let Some(record) = tail.next().await {
        let Some(record) = found(record)? else { break };
        seen.push(record);
    }
    ensure_of_one_session(&seen)
}

async fn read_by_following(log: &Arc<dyn Log>, id: &SessionId) -> Verdict {
    let Some(mut following) = found(follow(log, id, None).await)? else { return Ok(()) };
    let mut seen = Vec::new();
    while let Some(followed) = following.next().await {
        match found(followed)? {
            Some(Followed::Record(record)) => seen.push(record),
            Some(other) => return Err(Stop::failure(format!("a new consumer received {other:?}"))),
            None => break,
        }
    }
    ensure_of_one_session(&seen)
}

/// Checks that entries belong to one session, which has two consecutive epochs.
fn ensure_of_one_session(seen: &[Record]) -> Verdict {
    for (offset, record) in (0..).zip(seen) {
        ensure_eq!(record.offset, Offset(offset), "offset of an entry");
    }
    let first = seen.first().map_or(Epoch(0), |record| record.epoch);
    let mixed = seen.iter().find(|record| record.epoch.0 > first.0 + 1);
    ensure!(mixed.is_none(), "entries of two sessions: {mixed:?} after epoch {first}");
    Ok(())
}
