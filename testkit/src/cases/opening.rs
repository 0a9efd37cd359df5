//! Epochs, fencing and claims.

use crate::{
    entries::{item, numbered, several},
    trial::{Stop, Trial, Verdict, delay, ensure, ensure_content, ensure_eq, ensure_err, read_all},
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

fn claim_if(existence: Existence) -> Claim {
    Claim { existence, idle_for: None }
}

fn idle(time: Duration) -> Claim {
    Claim { existence: Existence::Any, idle_for: Some(time) }
}

async fn listed(trial: &Trial) -> Result<Vec<SessionId>, LogError> {
    let filter = SessionFilter { prefix: trial.prefix.clone(), ..SessionFilter::default() };
    Ok(trial.log.sessions(filter).await?.into_iter().map(|info| info.id).collect())
}

pub(crate) async fn session_exists_after_its_first_entry(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    let log = &trial.log;
    ensure_absent(&trial, &id).await?;
    let mut writer = trial.open("session").await?;
    ensure!(writer.epoch >= Epoch(1), "epoch of a new session is {}", writer.epoch);
    ensure_eq!(writer.opened.next, Offset::ZERO, "next offset of a new session");
    ensure_eq!(writer.opened.snapshot, None, "snapshot of a new session");
    ensure_absent(&trial, &id).await?;
    writer.append(vec![numbered(0)?]).await?;
    ensure_eq!(log.info(&id).await?.next, Offset(1), "end after the first entry");
    ensure_eq!(listed(&trial).await?, vec![id], "listed sessions after the first entry");
    Ok(())
}

async fn ensure_absent(trial: &Trial, id: &SessionId) -> Verdict {
    let log = &trial.log;
    macro_rules! ensure_no_session {
        ($call:expr) => {
            ensure_err!(
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
    ensure_no_session!(log.open(id, claim_if(Existence::Existing)));
    ensure_eq!(listed(trial).await?, Vec::new(), "listed sessions without entries");
    log.release(id, Epoch(1)).await?;
    Ok(())
}

pub(crate) async fn open_returns_the_next_offset_and_the_last_snapshot(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 5).await?;
    for (existence, next) in [(Existence::Any, 5), (Existence::Existing, 6)] {
        let opened = trial.log.open(&first.session, claim_if(existence)).await?;
        ensure!(opened.epoch > first.epoch, "epoch {} follows {}", opened.epoch, first.epoch);
        ensure_eq!(opened.next, Offset(next), "next offset");
        ensure_eq!(opened.snapshot, Some(Offset::ZERO), "snapshot in the first entry");
        first = first.successor().await?;
        ensure_eq!(first.next, Offset(next), "next offset after opening again");
        first.append(vec![item("on")?]).await?;
    }
    Ok(())
}

pub(crate) async fn last_opener_is_the_writer(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 2).await?;
    let mut second = first.successor().await?;
    let fenced = first.append_at(Offset(2), vec![item("late")?]).await;
    ensure_err!(
        fenced,
        LogError::Fenced { session, epoch } if session == first.session && epoch == first.epoch,
        "append of an earlier writer"
    );
    second.append(vec![item("a")?]).await?;
    let mut third = second.successor().await?;
    for earlier in [&first, &second] {
        for at in [0, 2, 3, 4] {
            ensure_err!(
                earlier.append_at(Offset(at), vec![item("late")?]).await,
                LogError::Fenced { epoch, .. } if epoch == earlier.epoch,
                "append at {at} of an earlier writer"
            );
        }
    }
    third.append(vec![item("b")?]).await?;
    first.sent.extend(second.sent.into_iter().chain(third.sent));
    ensure_content(&trial.log, &first.session, &first.sent).await
}

pub(crate) async fn fenced_writer_cannot_append(trial: Trial) -> Verdict {
    let first = trial.session("session", 1).await?;
    let (mut all, mut last) = (first.sent.clone(), first.successor().await?);
    for round in 0..20 {
        // the correct offset with an old epoch
        let late = first.append_at(last.next, vec![item("late")?]).await;
        ensure_err!(late, LogError::Fenced { .. }, "append of an earlier writer");
        last.append(vec![item(round)?]).await?;
        if round % 5 == 4 {
            all.append(&mut last.sent);
            last = last.successor().await?;
        }
    }
    for epoch in [0, last.epoch.0 + 1, last.epoch.0 + 1000, u64::MAX] {
        last.epoch = Epoch(epoch);
        let late = last.append_at(last.next, vec![item("odd")?]).await;
        ensure_err!(late, LogError::Fenced { .. }, "append of epoch {epoch}");
    }
    ensure_content(&trial.log, &first.session, &all).await
}

pub(crate) async fn pipelined_appends_of_a_fenced_writer_fail(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 1).await?;
    let before: Vec<_> = (1..10)
        .map(|_| Ok(first.send(vec![item("a")?], Urgency::Now)))
        .collect::<Result<_, LogError>>()?;
    let mut second = first.successor().await?;
    let after: Vec<_> = (0..10)
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
    for append in after {
        ensure_err!(append.await, LogError::Fenced { .. }, "pipelined append");
    }
    ensure_eq!(second.next, Offset(stored), "end after the acknowledged appends");
    second.append(vec![item("c")?]).await?;
    first.sent.truncate(second.opened.next.0.try_into().unwrap_or_default());
    first.sent.extend(second.sent);
    ensure_content(&trial.log, &first.session, &first.sent).await
}

pub(crate) async fn claim_of_an_existing_session_fails_if_missing(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    ensure_err!(
        trial.log.open(&id, claim_if(Existence::Existing)).await,
        LogError::NoSession { session } if session == id,
        "claim of an existing session that does not exist"
    );
    trial.session("session", 3).await?;
    ensure_eq!(
        trial.log.open(&id, claim_if(Existence::Existing)).await?.next,
        Offset(3),
        "next offset"
    );
    Ok(())
}

pub(crate) async fn claim_of_a_new_session_fails_if_it_exists(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    // a session exists after its first entry
    let first = Writer::open(&trial.log, &id, claim_if(Existence::New)).await?;
    let mut second = Writer::open(&trial.log, &id, claim_if(Existence::New)).await?;
    ensure!(first.epoch < second.epoch, "epoch {} follows {}", second.epoch, first.epoch);
    ensure_err!(
        first.append_at(Offset(0), vec![numbered(0)?]).await,
        LogError::Fenced { .. },
        "append of the first opener to a session without entries"
    );
    second.write(1).await?;
    ensure_err!(
        trial.log.open(&id, claim_if(Existence::New)).await,
        LogError::SessionExists { session } if session == id,
        "claim of a new session that exists"
    );
    second.write(1).await?;
    Ok(())
}

pub(crate) async fn busy_session_cannot_be_claimed_until_released(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    let mut first = Writer::open(&trial.log, &id, idle(HOUR)).await?;
    for written in 0..3 {
        for time in [HOUR, Duration::from_hours(1_000_000), Duration::MAX] {
            ensure_err!(
                trial.log.open(&id, idle(time)).await,
                LogError::Busy { session, ago } if session == id && ago < HOUR,
                "claim of a busy session with {written} entries if idle for {time:?}"
            );
        }
        first.write(1).await?;
    }
    trial.log.release(&id, first.epoch).await?;
    let second = Writer::open(&trial.log, &id, idle(Duration::MAX)).await?;
    // releasing an epoch that is not current has no effect
    for epoch in [first.epoch, Epoch(0), Epoch(second.epoch.0 + 1), Epoch(u64::MAX)] {
        trial.log.release(&id, epoch).await?;
        ensure_err!(
            trial.log.open(&id, idle(HOUR)).await,
            LogError::Busy { .. },
            "claim after a release of epoch {epoch}, where {} is current",
            second.epoch
        );
    }
    trial.log.open(&id, Claim::default()).await?;
    Ok(())
}

pub(crate) async fn session_is_idle_after_the_idle_time(trial: Trial) -> Verdict {
    let first = trial.session("session", 2).await?;
    delay(Duration::from_millis(30)).await;
    let second = Writer::open(&trial.log, &first.session, idle(Duration::from_millis(20))).await?;
    ensure_err!(
        first.append_at(Offset(2), vec![item("late")?]).await,
        LogError::Fenced { .. },
        "append of the idle writer"
    );
    Writer::open(&trial.log, &second.session, idle(Duration::ZERO)).await?;
    Ok(())
}

pub(crate) async fn append_keeps_a_session_busy(trial: Trial) -> Verdict {
    let time = Duration::from_millis(100);
    // a machine under load may take longer than that, but not every time
    for round in 0..20 {
        let mut first = trial.session(&format!("session {round}"), 1).await?;
        delay(time).await;
        first.write(1).await?;
        match trial.log.open(&first.session, idle(time)).await {
            Err(LogError::Busy { .. }) => return Ok(()),
            opened => opened.map(drop)?,
        }
    }
    Err(Stop::failure("a session is not busy right after an append"))
}

pub(crate) async fn rejected_claim_changes_nothing(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 2).await?;
    let id = writer.session.clone();
    let (info, epochs) = (trial.log.info(&id).await?, trial.log.epochs(&id).await?);
    for _ in 0..2 {
        let claim = claim_if(Existence::New);
        ensure_err!(trial.log.open(&id, claim).await, LogError::SessionExists { .. }, "new");
        let claim = idle(HOUR);
        ensure_err!(trial.log.open(&id, claim).await, LogError::Busy { .. }, "idle");
        let claim = Claim { existence: Existence::Existing, idle_for: Some(HOUR) };
        ensure_err!(trial.log.open(&id, claim).await, LogError::Busy { .. }, "existing, idle");
    }
    ensure_eq!(trial.log.info(&id).await?, info, "info after rejected claims");
    ensure_eq!(trial.log.epochs(&id).await?, epochs, "epochs after rejected claims");
    writer.append(vec![item("still there")?]).await?;

    // a session with a writer and without entries
    let mut new = trial.open("new").await?;
    let claim = claim_if(Existence::Existing);
    ensure_err!(trial.log.open(&new.session, claim).await, LogError::NoSession { .. }, "new");
    new.write(1).await?;
    ensure_eq!(
        trial.log.epochs(&new.session).await?,
        vec![EpochStart::new(new.epoch, Offset::ZERO)],
        "epochs of a session that was claimed once"
    );
    Ok(())
}

pub(crate) async fn one_of_several_racing_claims_succeeds(trial: Trial) -> Verdict {
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
        ensure_eq!(won, 1, "number of successful claims among 4 racing claims");
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
                ensure_eq!(log.epochs(&writer.session).await?, expected, "epochs");
                ensure_eq!(log.info(&writer.session).await?.epoch, writer.epoch, "last epoch");
            }
        }
        writer = writer.successor().await?;
    }
    Ok(())
}

pub(crate) async fn epochs_increase_across_sessions(trial: Trial) -> Verdict {
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

pub(crate) async fn concurrent_openers_neither_lose_nor_duplicate_entries(trial: Trial) -> Verdict {
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
    ensure_consistent(&trial.log, &id, acknowledged).await
}

pub(crate) async fn opening_on_one_handle_fences_other_handles(trial: Trial) -> Verdict {
    let other = trial.reopen().await?;
    let mut here = trial.session("session", 2).await?;
    let mut there = Writer::open(&other, &here.session, Claim::default()).await?;
    ensure_eq!(there.next, Offset(2), "next offset on another handle");
    ensure!(there.epoch > here.epoch, "epoch {} follows {}", there.epoch, here.epoch);
    let late = here.append_at(Offset(2), vec![item("late")?]).await;
    ensure_err!(late, LogError::Fenced { .. }, "append after another handle opened the session");
    there.append(vec![item("on")?]).await?;
    here.sent.extend(there.sent.iter().cloned());
    ensure_content(&trial.log, &here.session, &here.sent).await?;
    ensure_err!(
        trial.log.open(&here.session, idle(HOUR)).await,
        LogError::Busy { .. },
        "claim if idle while another handle writes"
    );
    here.successor().await?;
    let late = there.append_at(Offset(3), vec![item("late")?]).await;
    ensure_err!(
        late,
        LogError::Fenced { .. },
        "append on another handle after this one opened the session"
    );

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
    ensure_consistent(&other, &id, acknowledged).await
}

/// Opens and writes the session repeatedly. Returns the acknowledged entries.
async fn opener(
    log: Arc<dyn Log>,
    id: SessionId,
    name: u64,
    together: Arc<Barrier>,
) -> Result<Vec<Record>, Stop> {
    let mut acknowledged = Vec::new();
    // otherwise the first opener would finish before the last one starts
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

/// Checks that the session consists of the acknowledged entries, and that the starts of epochs match
/// their entries.
async fn ensure_consistent(
    log: &Arc<dyn Log>,
    id: &SessionId,
    mut acknowledged: Vec<Record>,
) -> Verdict {
    acknowledged.sort_by_key(|record| record.offset);
    ensure_content(log, id, &acknowledged).await?;
    let epochs = log.epochs(id).await?;
    ensure_eq!(epochs.len(), 100, "number of epochs after 100 openings");
    ensure!(
        epochs.is_sorted_by(|a, b| a.epoch < b.epoch && a.start <= b.start),
        "epochs are not sorted: {epochs:?}"
    );
    for record in read_all(log, id, Offset::ZERO).await? {
        let epoch = epochs.iter().rev().find(|epoch| epoch.start <= record.offset);
        ensure_eq!(Some(record.epoch), epoch.map(|epoch| epoch.epoch), "epoch of {record:?}");
    }
    Ok(())
}
