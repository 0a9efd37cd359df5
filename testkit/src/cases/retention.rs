//! Trimming and deleting.

pub(crate) use self::beside::reads_beside_deletions_find_one_session_or_none;

mod beside;

use crate::{
    entries::{BEGIN, item, numbered, snapshot},
    trial::{Trial, Verdict, ensure, ensure_content, ensure_eq, ensure_refused, read_all},
};
use burdock::log::{Claim, Existence, LogError, Offset, SessionFilter};

pub(crate) async fn a_trim_removes_what_is_before(trial: Trial) -> Verdict {
    let first = trial.session("session", 5).await?;
    let mut writer = first.successor().await?;
    writer.write(3).await?;
    writer.append(vec![snapshot(1)?, item("a")?]).await?;
    let (log, id) = (&trial.log, &first.session);
    let (before, epochs) = (log.info(id).await?, log.epochs(id).await?);
    log.trim(id, Offset(6)).await?;
    for from in [0, 4, 5] {
        ensure_refused!(
            log.read(id, Offset(from), 10).await,
            LogError::Trimmed { session, first: Offset(6) } if session == *id,
            "a read from {from} where entries are left from 6 on"
        );
    }
    for log in trial.handles().await? {
        let left = read_all(&log, id, Offset(6)).await?;
        ensure_eq!(left, writer.sent[1..], "what is left from 6 on");
        let mut info = before.clone();
        info.first = Offset(6);
        ensure_eq!(log.info(id).await?, info, "what the log knows after a trim");
        ensure_eq!(log.epochs(id).await?, epochs, "the epochs after a trim");
    }
    ensure_eq!(before.created, BEGIN, "the time of the first entry");
    // writing goes on, by this writer and the next
    writer.append(vec![item("b")?]).await?;
    let mut next = writer.successor().await?;
    ensure_eq!(next.opened.next, Offset(11), "the end after a trim");
    ensure_eq!(next.opened.snapshot, Some(Offset(8)), "the snapshot after a trim");
    next.append(vec![item("c")?]).await?;
    let left = read_all(log, id, Offset(9)).await?;
    ensure_eq!(left[..2], writer.sent[4..], "what was written after a trim");
    ensure_eq!(left[2..], next.sent[..], "what the next opener wrote after a trim");
    ensure_refused!(
        writer.append_at(Offset(11), vec![item("late")?]).await,
        LogError::Fenced { .. },
        "the earlier writer"
    );
    Ok(())
}

pub(crate) async fn a_trim_keeps_what_opening_needs(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    writer.append(vec![snapshot(1)?, item("a")?, item("b")?]).await?;
    let (log, id) = (&trial.log, &writer.session);
    for before in [4, 5, 6, 7, 1000, u64::MAX] {
        ensure_refused!(
            log.trim(id, Offset(before)).await,
            LogError::NeededForOpening { session, before: at, snapshot: Offset(3) }
                if session == *id && at == Offset(before),
            "a trim before {before} where 3 is a snapshot"
        );
        ensure_content(log, id, &writer.sent).await?;
    }
    log.trim(id, Offset(3)).await?;
    ensure_eq!(read_all(log, id, Offset(3)).await?, writer.sent[3..], "from the snapshot on");
    ensure_eq!(log.info(id).await?.first, Offset(3), "the first entry");
    Ok(())
}

pub(crate) async fn a_trim_twice_is_no_trouble(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 5).await?;
    let (log, id) = (&trial.log, writer.session.clone());
    log.trim(&id, Offset::ZERO).await?;
    ensure_content(log, &id, &writer.sent).await?;
    writer.append(vec![snapshot(1)?, item("a")?, snapshot(2)?, item("b")?]).await?;
    for (before, first) in [(3, 3), (3, 3), (1, 3), (0, 3), (5, 5), (7, 7), (6, 7)] {
        log.trim(&id, Offset(before)).await?;
        ensure_eq!(
            log.info(&id).await?.first,
            Offset(first),
            "the first after a trim before {before}"
        );
        let left = read_all(log, &id, Offset(first)).await?;
        let sent = &writer.sent[usize::try_from(first).unwrap_or_default()..];
        ensure_eq!(left, sent, "what is left after a trim before {before}");
    }
    Ok(())
}

pub(crate) async fn a_deleted_session_is_gone(trial: Trial) -> Verdict {
    let writer = trial.session("session", 5).await?;
    let id = &writer.session;
    trial.log.delete(id).await?;
    for log in trial.handles().await? {
        macro_rules! ensure_gone {
            ($call:expr) => {
                ensure_refused!(
                    $call.await,
                    LogError::NoSession { session } if session == *id,
                    "`{}` of a deleted session", stringify!($call)
                );
            };
        }
        ensure_gone!(log.info(id));
        ensure_gone!(log.read(id, Offset(0), 10));
        ensure_gone!(log.read(id, Offset(5), 10));
        ensure_gone!(log.reached(id, Offset(0)));
        ensure_gone!(log.epochs(id));
        ensure_gone!(log.trim(id, Offset(0)));
        ensure_gone!(log.delete(id));
        ensure_gone!(log.open(id, Claim { existence: Existence::Existing, idle_for: None }));
        let filter = SessionFilter { prefix: trial.prefix.clone(), ..SessionFilter::default() };
        ensure_eq!(log.sessions(filter).await?, Vec::new(), "what is listed after it was deleted");
    }
    for at in [0, 4, 5] {
        ensure_refused!(
            writer.append_at(Offset(at), vec![numbered(at)?]).await,
            LogError::Fenced { epoch, .. } if epoch == writer.epoch,
            "an append at {at} of the writer of a deleted session"
        );
    }
    trial.log.release(id, writer.epoch).await?;
    Ok(())
}

pub(crate) async fn a_deleted_session_can_be_made_again(trial: Trial) -> Verdict {
    let (mut last, mut old) = (burdock::log::Epoch(0), Vec::new());
    for round in 1..5 {
        let claim = Claim { existence: Existence::New, idle_for: None };
        let opened = trial.log.open(&trial.id("session")?, claim).await?;
        ensure_eq!(opened.next, Offset::ZERO, "where a session begins that was deleted");
        ensure_eq!(opened.snapshot, None, "its snapshot");
        let mut writer = trial.session("session", round).await?;
        ensure!(writer.epoch > last, "epoch {} follows {last}, of a deleted one", writer.epoch);
        last = writer.epoch;
        for old in &old {
            let old: &crate::writer::Writer = old;
            for at in [0, round] {
                ensure_refused!(
                    old.append_at(Offset(at), vec![item("old")?]).await,
                    LogError::Fenced { .. },
                    "the writer of a deleted session of the same id"
                );
            }
        }
        ensure_eq!(
            trial.log.epochs(&writer.session).await?.len(),
            2,
            "how many epochs the session has after it was made again"
        );
        writer.append(vec![snapshot(round)?]).await?;
        ensure_content(&trial.log, &writer.session, &writer.sent).await?;
        ensure_eq!(trial.log.info(&writer.session).await?.first, Offset::ZERO, "its first entry");
        trial.log.trim(&writer.session, Offset(1)).await?;
        trial.log.delete(&writer.session).await?;
        old.push(writer);
    }
    Ok(())
}

pub(crate) async fn deleting_touches_no_other_session(trial: Trial) -> Verdict {
    let names = ["a", "A", "a ", "aa", "a%", "a_", "%", "_"];
    let mut writers = Vec::new();
    for name in names {
        writers.push(trial.session(name, 3).await?);
    }
    while let Some(deleted) = writers.pop() {
        trial.log.delete(&deleted.session).await?;
        for writer in &mut writers {
            writer.write(1).await?;
            ensure_content(&trial.log, &writer.session, &writer.sent).await?;
        }
    }
    Ok(())
}

pub(crate) async fn what_does_not_exist_cannot_be_deleted(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    ensure_refused!(
        trial.log.delete(&id).await,
        LogError::NoSession { session } if session == id,
        "deleting what was never opened"
    );
    let mut writer = trial.open("session").await?;
    ensure_refused!(
        trial.log.delete(&id).await,
        LogError::NoSession { .. },
        "deleting what has no entries"
    );
    // what is refused fences nobody off
    writer.write(2).await?;
    ensure_content(&trial.log, &id, &writer.sent).await
}
