//! Epochs, fencing, claims.

use crate::{
    entries::{item, numbered, several},
    trial::{
        Stop, Trial, Verdict, delay, ensure, ensure_content, ensure_eq, ensure_refused, read_all,
    },
    writer::Writer,
};
use burdock::log::{
    Claim, Epoch, EpochStart, Existence, Log, LogError, Offset, Record, SessionFilter, SessionId,
    Urgency,
};
use std::{
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

const HOUR: Duration = Duration::from_hours(1);

fn must(existence: Existence) -> Claim {
    Claim { existence, idle_for: None }
}

fn idle(time: Duration) -> Claim {
    Claim { existence: Existence::Any, idle_for: Some(time) }
}

async fn listed(trial: &Trial) -> Result<Vec<SessionId>, LogError> {
    let filter = SessionFilter { prefix: trial.prefix.clone(), ..SessionFilter::default() };
    Ok(trial.log.sessions(filter).await?.into_iter().map(|info| info.id).collect())
}

pub(crate) async fn a_session_begins_with_its_first_entry(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    let log = &trial.log;
    ensure_absent(&trial, &id).await?;
    let mut writer = trial.open("session").await?;
    ensure!(writer.epoch >= Epoch(1), "the epoch of a new session is {}", writer.epoch);
    ensure_eq!(writer.opened.next, Offset::ZERO, "where a new session begins");
    ensure_eq!(writer.opened.snapshot, None, "the snapshot of a new session");
    ensure_absent(&trial, &id).await?;
    writer.append(vec![numbered(0)?]).await?;
    ensure_eq!(log.info(&id).await?.next, Offset(1), "the end after the first entry");
    ensure_eq!(listed(&trial).await?, vec![id], "what is listed after the first entry");
    Ok(())
}

async fn ensure_absent(trial: &Trial, id: &SessionId) -> Verdict {
    let log = &trial.log;
    macro_rules! ensure_no_session {
        ($call:expr) => {
            ensure_refused!(
                $call.await,
                LogError::NoSession { session } if session == *id,
                "`{}` of a session without entries", stringify!($call)
            );
        };
    }
    ensure_no_session!(log.info(id));
    ensure_no_session!(log.read(id, Offset::ZERO, 10));
    ensure_no_session!(log.reached(id, Offset::ZERO));
    ensure_no_session!(log.epochs(id));
    ensure_no_session!(log.trim(id, Offset::ZERO));
    ensure_no_session!(log.open(id, must(Existence::Existing)));
    ensure_eq!(listed(trial).await?, Vec::new(), "what is listed without entries");
    log.release(id, Epoch(1)).await?;
    Ok(())
}

pub(crate) async fn opening_tells_where_the_session_is(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 5).await?;
    for (existence, next) in [(Existence::Any, 5), (Existence::Existing, 6)] {
        let opened = trial.log.open(&first.session, must(existence)).await?;
        ensure!(opened.epoch > first.epoch, "epoch {} follows {}", opened.epoch, first.epoch);
        ensure_eq!(opened.next, Offset(next), "where the next entry goes");
        ensure_eq!(opened.snapshot, Some(Offset::ZERO), "the snapshot that is the first entry");
        first = first.successor().await?;
        ensure_eq!(first.next, Offset(next), "where the next entry goes, opened again");
        first.append(vec![item("on")?]).await?;
    }
    Ok(())
}

pub(crate) async fn the_last_opener_wins(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 2).await?;
    let mut second = first.successor().await?;
    let fenced = first.append_at(Offset(2), vec![item("late")?]).await;
    ensure_refused!(
        fenced,
        LogError::Fenced { session, epoch } if session == first.session && epoch == first.epoch,
        "the append of an earlier opener"
    );
    second.append(vec![item("a")?]).await?;
    let mut third = second.successor().await?;
    for earlier in [&first, &second] {
        for at in [0, 2, 3, 4] {
            ensure_refused!(
                earlier.append_at(Offset(at), vec![item("late")?]).await,
                LogError::Fenced { epoch, .. } if epoch == earlier.epoch,
                "an append at {at} of an earlier opener"
            );
        }
    }
    third.append(vec![item("b")?]).await?;
    first.sent.extend(second.sent.into_iter().chain(third.sent));
    ensure_content(&trial.log, &first.session, &first.sent).await
}

pub(crate) async fn a_fenced_writer_never_lands(trial: Trial) -> Verdict {
    let first = trial.session("session", 1).await?;
    let (mut all, mut last) = (first.sent.clone(), first.successor().await?);
    for round in 0..20 {
        // the place is right, the epoch is not
        let late = first.append_at(last.next, vec![item("late")?]).await;
        ensure_refused!(late, LogError::Fenced { .. }, "an append of an earlier opener");
        last.append(vec![item(round)?]).await?;
        if round % 5 == 4 {
            all.append(&mut last.sent);
            last = last.successor().await?;
        }
    }
    for epoch in [0, last.epoch.0 + 1, last.epoch.0 + 1000, u64::MAX] {
        last.epoch = Epoch(epoch);
        let late = last.append_at(last.next, vec![item("odd")?]).await;
        ensure_refused!(late, LogError::Fenced { .. }, "an append of epoch {epoch}");
    }
    ensure_content(&trial.log, &first.session, &all).await
}

pub(crate) async fn pipelined_appends_of_a_fenced_writer_all_fail(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 1).await?;
    let before: Vec<_> = (1..10)
        .map(|_| Ok(first.send(vec![item("a")?], Urgency::Now)))
        .collect::<Result<_, LogError>>()?;
    let mut second = first.successor().await?;
    let behind: Vec<_> = (0..10)
        .map(|_| Ok(first.send(vec![item("b")?], Urgency::Now)))
        .collect::<Result<_, LogError>>()?;
    let mut stored = 1;
    for append in before {
        match append.await {
            Ok(()) => stored += 1,
            Err(LogError::Fenced { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for append in behind {
        ensure_refused!(append.await, LogError::Fenced { .. }, "a pipelined append");
    }
    ensure_eq!(second.next, Offset(stored), "the end, of the appends that were acknowledged");
    second.append(vec![item("c")?]).await?;
    first.sent.truncate(second.opened.next.0.try_into().unwrap_or_default());
    first.sent.extend(second.sent);
    ensure_content(&trial.log, &first.session, &first.sent).await
}

pub(crate) async fn a_claim_of_an_existing_session_insists(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    ensure_refused!(
        trial.log.open(&id, must(Existence::Existing)).await,
        LogError::NoSession { session } if session == id,
        "an existing session is claimed that does not exist"
    );
    trial.session("session", 3).await?;
    ensure_eq!(trial.log.open(&id, must(Existence::Existing)).await?.next, Offset(3), "its end");
    Ok(())
}

pub(crate) async fn a_claim_of_a_new_session_insists(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    // it exists from its first entry on
    let first = Writer::open(&trial.log, &id, must(Existence::New)).await?;
    let mut second = Writer::open(&trial.log, &id, must(Existence::New)).await?;
    ensure!(first.epoch < second.epoch, "epoch {} follows {}", second.epoch, first.epoch);
    ensure_refused!(
        first.append_at(Offset(0), vec![numbered(0)?]).await,
        LogError::Fenced { .. },
        "an append of who opened the session first, where nobody wrote yet"
    );
    second.write(1).await?;
    ensure_refused!(
        trial.log.open(&id, must(Existence::New)).await,
        LogError::SessionExists { session } if session == id,
        "a new session is claimed that exists"
    );
    second.write(1).await?;
    Ok(())
}

pub(crate) async fn a_busy_session_is_refused_until_it_is_released(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    let mut first = Writer::open(&trial.log, &id, idle(HOUR)).await?;
    for written in 0..3 {
        for time in [HOUR, Duration::from_hours(1_000_000), Duration::MAX] {
            ensure_refused!(
                trial.log.open(&id, idle(time)).await,
                LogError::Busy { session, ago } if session == id && ago < HOUR,
                "a session of {written} entries in use is claimed if idle for {time:?}"
            );
        }
        first.write(1).await?;
    }
    trial.log.release(&id, first.epoch).await?;
    let second = Writer::open(&trial.log, &id, idle(Duration::MAX)).await?;
    // of an epoch that is not the current one
    for epoch in [first.epoch, Epoch(0), Epoch(second.epoch.0 + 1), Epoch(u64::MAX)] {
        trial.log.release(&id, epoch).await?;
        ensure_refused!(
            trial.log.open(&id, idle(HOUR)).await,
            LogError::Busy { .. },
            "after epoch {epoch} was released, where {} is current",
            second.epoch
        );
    }
    trial.log.open(&id, Claim::default()).await?;
    Ok(())
}

pub(crate) async fn a_session_is_idle_once_the_lease_is_over(trial: Trial) -> Verdict {
    let first = trial.session("session", 2).await?;
    delay(Duration::from_millis(30)).await;
    let second = Writer::open(&trial.log, &first.session, idle(Duration::from_millis(20))).await?;
    ensure_refused!(
        first.append_at(Offset(2), vec![item("late")?]).await,
        LogError::Fenced { .. },
        "an append of who was idle"
    );
    Writer::open(&trial.log, &second.session, idle(Duration::ZERO)).await?;
    Ok(())
}

pub(crate) async fn an_append_keeps_a_session_busy(trial: Trial) -> Verdict {
    let lease = Duration::from_millis(100);
    // a machine that is busy itself may take longer than the lease, but not each time
    for round in 0..20 {
        let mut first = trial.session(&format!("session {round}"), 1).await?;
        delay(lease).await;
        first.write(1).await?;
        match trial.log.open(&first.session, idle(lease)).await {
            Err(LogError::Busy { .. }) => return Ok(()),
            opened => opened.map(drop)?,
        }
    }
    Err(Stop::fault("a session that was written to just now is not busy"))
}

pub(crate) async fn a_refused_claim_changes_nothing(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 2).await?;
    let id = writer.session.clone();
    let (info, epochs) = (trial.log.info(&id).await?, trial.log.epochs(&id).await?);
    for _ in 0..2 {
        let claim = must(Existence::New);
        ensure_refused!(trial.log.open(&id, claim).await, LogError::SessionExists { .. }, "new");
        let claim = idle(HOUR);
        ensure_refused!(trial.log.open(&id, claim).await, LogError::Busy { .. }, "idle");
        let claim = Claim { existence: Existence::Existing, idle_for: Some(HOUR) };
        ensure_refused!(trial.log.open(&id, claim).await, LogError::Busy { .. }, "existing, idle");
    }
    ensure_eq!(trial.log.info(&id).await?, info, "the session after claims that were refused");
    ensure_eq!(trial.log.epochs(&id).await?, epochs, "its epochs after claims that were refused");
    writer.append(vec![item("still there")?]).await?;

    // one that has a writer and no entry yet
    let mut new = trial.open("new").await?;
    let claim = must(Existence::Existing);
    ensure_refused!(trial.log.open(&new.session, claim).await, LogError::NoSession { .. }, "new");
    new.write(1).await?;
    ensure_eq!(
        trial.log.epochs(&new.session).await?,
        vec![EpochStart::new(new.epoch, Offset::ZERO)],
        "the epochs of a session that was claimed once"
    );
    Ok(())
}

pub(crate) async fn of_racing_claims_for_an_idle_session_one_wins(trial: Trial) -> Verdict {
    for round in 0..10 {
        let writer = trial.session(&format!("session {round}"), 1).await?;
        trial.log.release(&writer.session, writer.epoch).await?;
        let mut racing = Vec::new();
        for _ in 0..4 {
            let (log, id) = (Arc::clone(&trial.log), writer.session.clone());
            racing.push(trial.spawn(async move {
                match log.open(&id, idle(HOUR)).await {
                    Ok(_) => Ok(1),
                    Err(LogError::Busy { .. }) => Ok(0),
                    Err(error) => Err(error.into()),
                }
            }));
        }
        let mut won = 0;
        for claim in racing {
            won += claim.await?;
        }
        ensure_eq!(won, 1, "how many of 4 racing claims won");
    }
    Ok(())
}

pub(crate) async fn every_epoch_is_listed_with_its_start(trial: Trial) -> Verdict {
    let mut writer = trial.open("session").await?;
    let mut expected = Vec::new();
    for entries in [0, 3, 0, 0, 2, 1, 0] {
        expected.push(EpochStart::new(writer.epoch, writer.next));
        writer.write(entries).await?;
        if writer.next > Offset::ZERO {
            for log in trial.handles().await? {
                ensure_eq!(log.epochs(&writer.session).await?, expected, "the epochs");
                ensure_eq!(log.info(&writer.session).await?.epoch, writer.epoch, "the last one");
            }
        }
        writer = writer.successor().await?;
    }
    Ok(())
}

pub(crate) async fn epochs_count_up_over_all_sessions(trial: Trial) -> Verdict {
    let mut last = Epoch(0);
    for round in 0..3 {
        for name in ["a", "b", "c"] {
            let mut writer = trial.open(name).await?;
            ensure!(writer.epoch > last, "epoch {} follows {last}", writer.epoch);
            last = writer.epoch;
            writer.write(round).await?;
            if round > 0 && name == "b" {
                trial.log.delete(&writer.session).await?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn concurrent_openers_lose_and_double_nothing(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    let (mut openers, together) = (Vec::new(), Arc::new(Barrier::new(4)));
    for name in 0..4 {
        let (log, together) = (Arc::clone(&trial.log), Arc::clone(&together));
        openers.push(trial.spawn(opener(log, id.clone(), name, together)));
    }
    let mut acknowledged = Vec::new();
    for opener in openers {
        acknowledged.extend(opener.await?);
    }
    ensure_sound(&trial.log, &id, acknowledged).await
}

pub(crate) async fn handles_fence_each_other_off(trial: Trial) -> Verdict {
    let other = trial.reopen().await?;
    let mut here = trial.session("session", 2).await?;
    let mut there = Writer::open(&other, &here.session, Claim::default()).await?;
    ensure_eq!(there.next, Offset(2), "the end on another handle");
    ensure!(there.epoch > here.epoch, "epoch {} follows {}", there.epoch, here.epoch);
    let late = here.append_at(Offset(2), vec![item("late")?]).await;
    ensure_refused!(late, LogError::Fenced { .. }, "an append after another handle opened");
    there.append(vec![item("on")?]).await?;
    here.sent.extend(there.sent.iter().cloned());
    ensure_content(&trial.log, &here.session, &here.sent).await?;
    ensure_refused!(
        trial.log.open(&here.session, idle(HOUR)).await,
        LogError::Busy { .. },
        "a claim if idle while another handle writes"
    );
    here.successor().await?;
    let late = there.append_at(Offset(3), vec![item("late")?]).await;
    ensure_refused!(late, LogError::Fenced { .. }, "an append on another handle after one opened");

    let (id, mut openers) = (trial.id("racing")?, Vec::new());
    let together = Arc::new(Barrier::new(4));
    for name in 0..4 {
        let log = if name % 2 == 0 { Arc::clone(&trial.log) } else { trial.reopen().await? };
        openers.push(trial.spawn(opener(log, id.clone(), name, Arc::clone(&together))));
    }
    let mut acknowledged = Vec::new();
    for opener in openers {
        acknowledged.extend(opener.await?);
    }
    ensure_sound(&other, &id, acknowledged).await
}

/// Opens and writes again and again, and returns what was acknowledged.
async fn opener(
    log: Arc<dyn Log>,
    id: SessionId,
    name: u64,
    together: Arc<Barrier>,
) -> Result<Vec<Record>, Stop> {
    let mut acknowledged = Vec::new();
    // the first one would be done before the last one begins
    together.wait();
    for round in 0..25 {
        let mut writer = Writer::open(&log, &id, Claim::default()).await?;
        for count in 0..4 {
            let entries = if writer.next == Offset::ZERO {
                several(0..1)?
            } else {
                vec![item(format!("{name} {round} {count}"))?, item("and more")?]
            };
            let (before, sent) = (writer.sent.len(), writer.append(entries).await);
            match sent {
                Ok(()) => acknowledged.extend_from_slice(&writer.sent[before..]),
                Err(LogError::Fenced { .. }) => break,
                Err(error) => return Err(error.into()),
            }
            thread::yield_now();
        }
    }
    Ok(acknowledged)
}

/// What was acknowledged is what is there, and epochs are where they begin.
async fn ensure_sound(
    log: &Arc<dyn Log>,
    id: &SessionId,
    mut acknowledged: Vec<Record>,
) -> Verdict {
    acknowledged.sort_by_key(|record| record.offset);
    ensure_content(log, id, &acknowledged).await?;
    let epochs = log.epochs(id).await?;
    ensure_eq!(epochs.len(), 100, "how many epochs 100 openings have");
    ensure!(
        epochs.is_sorted_by(|a, b| a.epoch < b.epoch && a.start <= b.start),
        "epochs are not in order: {epochs:?}"
    );
    for record in read_all(log, id, Offset::ZERO).await? {
        let epoch = epochs.iter().rev().find(|epoch| epoch.start <= record.offset);
        ensure_eq!(Some(record.epoch), epoch.map(|epoch| epoch.epoch), "who wrote {record:?}");
    }
    Ok(())
}
