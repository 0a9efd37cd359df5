//! Trimming and deletion.

pub(crate) use self::concurrent::reads_concurrent_with_deletions_see_one_session_or_none;

mod concurrent;

use crate::{
    entries::{START, item, numbered, snapshot},
    trial::{Trial, Verdict, ensure, ensure_content, ensure_eq, ensure_err, read_all},
};
use burdock::log::{Claim, Existence, LogError, Offset, SessionFilter};

pub(crate) async fn trim_removes_earlier_entries(trial: Trial) -> Verdict {
    let first = trial.session("session", 5).await?;
    let mut writer = first.successor().await?;
    writer.write(3).await?;
    writer.append(vec![snapshot(1)?, item("a")?]).await?;
    let (log, id) = (&trial.log, &first.session);
    let (before, epochs) = (log.info(id).await?, log.epochs(id).await?);
    log.trim(id, Offset(6)).await?;
    for from in [0, 4, 5] {
        ensure_err!(
            log.read(id, Offset(from), 10).await,
            LogError::Trimmed { session, first: Offset(6) } if session == *id,
            "read from {from} where the first remaining entry is 6"
        );
    }
    for log in trial.handles().await? {
        let left = read_all(&log, id, Offset(6)).await?;
        ensure_eq!(left, writer.sent[1..], "entries from 6");
        let mut info = before.clone();
        info.first = Offset(6);
        ensure_eq!(log.info(id).await?, info, "info after a trim");
        ensure_eq!(log.epochs(id).await?, epochs, "epochs after a trim");
    }
    ensure_eq!(before.created, START, "time of the first entry");
    // this writer and the next one can append
    writer.append(vec![item("b")?]).await?;
    let mut next = writer.successor().await?;
    ensure_eq!(next.opened.next, Offset(11), "end after a trim");
    ensure_eq!(next.opened.snapshot, Some(Offset(8)), "snapshot after a trim");
    next.append(vec![item("c")?]).await?;
    let left = read_all(log, id, Offset(9)).await?;
    ensure_eq!(left[..2], writer.sent[4..], "entries appended after a trim");
    ensure_eq!(left[2..], next.sent[..], "entries of the next writer after a trim");
    ensure_err!(
        writer.append_at(Offset(11), vec![item("late")?]).await,
        LogError::Fenced { .. },
        "append of the earlier writer"
    );
    Ok(())
}

pub(crate) async fn trim_keeps_the_last_snapshot(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    writer.append(vec![snapshot(1)?, item("a")?, item("b")?]).await?;
    let (log, id) = (&trial.log, &writer.session);
    for before in [4, 5, 6, 7, 1000, u64::MAX] {
        ensure_err!(
            log.trim(id, Offset(before)).await,
            LogError::NeededForOpening { session, before: at, snapshot: Offset(3) }
                if session == *id && at == Offset(before),
            "trim before {before} where the last snapshot is 3"
        );
        ensure_content(log, id, &writer.sent).await?;
    }
    log.trim(id, Offset(3)).await?;
    ensure_eq!(read_all(log, id, Offset(3)).await?, writer.sent[3..], "entries from the snapshot");
    ensure_eq!(log.info(id).await?.first, Offset(3), "first offset");
    Ok(())
}

pub(crate) async fn trim_is_idempotent(trial: Trial) -> Verdict {
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
            "first offset after a trim before {before}"
        );
        let left = read_all(log, &id, Offset(first)).await?;
        let sent = &writer.sent[usize::try_from(first).unwrap_or_default()..];
        ensure_eq!(left, sent, "entries after a trim before {before}");
    }
    Ok(())
}

pub(crate) async fn deleted_session_does_not_exist(trial: Trial) -> Verdict {
    let writer = trial.session("session", 5).await?;
    let id = &writer.session;
    trial.log.delete(id).await?;
    for log in trial.handles().await? {
        macro_rules! ensure_gone {
            ($call:expr) => {
                ensure_err!(
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
        ensure_eq!(log.sessions(filter).await?, Vec::new(), "listed sessions after a deletion");
    }
    for at in [0, 4, 5] {
        ensure_err!(
            writer.append_at(Offset(at), vec![numbered(at)?]).await,
            LogError::Fenced { epoch, .. } if epoch == writer.epoch,
            "append at {at} of the writer of a deleted session"
        );
    }
    trial.log.release(id, writer.epoch).await?;
    Ok(())
}

pub(crate) async fn deleted_session_can_be_recreated(trial: Trial) -> Verdict {
    let (mut last, mut old) = (burdock::log::Epoch(0), Vec::new());
    for round in 1..5 {
        let claim = Claim { existence: Existence::New, idle_for: None };
        let opened = trial.log.open(&trial.id("session")?, claim).await?;
        ensure_eq!(opened.next, Offset::ZERO, "next offset of a recreated session");
        ensure_eq!(opened.snapshot, None, "snapshot of a recreated session");
        let mut writer = trial.session("session", round).await?;
        ensure!(writer.epoch > last, "epoch {} follows {last} of a deleted session", writer.epoch);
        last = writer.epoch;
        for old in &old {
            let old: &crate::writer::Writer = old;
            for at in [0, round] {
                ensure_err!(
                    old.append_at(Offset(at), vec![item("old")?]).await,
                    LogError::Fenced { .. },
                    "append of the writer of a deleted session with the same id"
                );
            }
        }
        ensure_eq!(
            trial.log.epochs(&writer.session).await?.len(),
            2,
            "number of epochs of a recreated session"
        );
        writer.append(vec![snapshot(round)?]).await?;
        ensure_content(&trial.log, &writer.session, &writer.sent).await?;
        ensure_eq!(trial.log.info(&writer.session).await?.first, Offset::ZERO, "first offset");
        trial.log.trim(&writer.session, Offset(1)).await?;
        trial.log.delete(&writer.session).await?;
        old.push(writer);
    }
    Ok(())
}

pub(crate) async fn deletion_does_not_affect_other_sessions(trial: Trial) -> Verdict {
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

pub(crate) async fn missing_session_cannot_be_deleted(trial: Trial) -> Verdict {
    let id = trial.id("session")?;
    ensure_err!(
        trial.log.delete(&id).await,
        LogError::NoSession { session } if session == id,
        "deletion of a session that was never opened"
    );
    let mut writer = trial.open("session").await?;
    ensure_err!(
        trial.log.delete(&id).await,
        LogError::NoSession { .. },
        "deletion of a session without entries"
    );
    // a failed deletion does not fence the writer
    writer.write(2).await?;
    ensure_content(&trial.log, &id, &writer.sent).await
}
