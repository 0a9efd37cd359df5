//! Consumers that resume from a cursor.

use crate::{
    entries::{item, several, snapshot},
    trial::{Trial, Verdict, ensure, ensure_eq, ensure_err, within},
};
use burdock::log::{Cursor, Epoch, Follow, Followed, LogError, Offset, Record, follow};
use std::time::Duration;

/// Checks the first event of a consumer with this cursor, and the records that follow.
async fn ensure_follows(
    trial: &Trial,
    cursor: Option<Cursor>,
    first: Option<Followed>,
    then: &[Record],
) -> Verdict {
    let id = trial.id("session")?;
    for log in trial.handles().await? {
        let mut following = follow(&log, &id, cursor).await?;
        let records = then.iter().cloned().map(Followed::Record);
        for expected in first.clone().into_iter().chain(records) {
            ensure_next(trial, &mut following, &expected).await?;
        }
    }
    Ok(())
}

async fn ensure_next(trial: &Trial, following: &mut Follow, expected: &Followed) -> Verdict {
    let next = trial.soon("next event of a consumer", following.next()).await?.transpose()?;
    ensure_eq!(next.as_ref(), Some(expected), "next event of a consumer");
    Ok(())
}

fn cursor(epoch: Epoch, offset: u64) -> Cursor {
    Cursor { epoch, offset: Offset(offset) }
}

fn rewound(to: Option<Cursor>) -> Followed {
    Followed::Rewound { to }
}

pub(crate) async fn consumer_resumes_after_its_cursor(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 5).await?;
    for seen in 0..5 {
        let then = writer.sent[usize::try_from(seen).unwrap_or_default() + 1..].to_vec();
        ensure_follows(&trial, Some(cursor(writer.epoch, seen)), None, &then).await?;
    }
    // a consumer that has seen entries of this epoch before they were durable
    let mut following = follow(&trial.log, &writer.session, Some(cursor(writer.epoch, 6))).await?;
    writer.write(4).await?;
    for expected in &writer.sent[7..] {
        ensure_next(&trial, &mut following, &Followed::Record(expected.clone())).await?;
    }
    Ok(())
}

pub(crate) async fn consumer_waiting_for_lost_entries_is_rewound(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 4).await?;
    let mut consumers = Vec::new();
    for ahead in [0, 2, 100] {
        let seen = Some(cursor(first.epoch, 4 + ahead));
        let mut following = follow(&trial.log, &first.session, seen).await?;
        let early = within(Duration::from_millis(5), following.next()).await;
        ensure!(early.is_none(), "a consumer ahead of the durable end received {early:?}");
        consumers.push(following);
    }
    // one more of these entries is stored before another writer takes over
    first.write(1).await?;
    let mut second = first.successor().await?;
    second.write(4).await?;
    let lost = consumers.split_off(1);
    for mut following in lost {
        let event = rewound(Some(cursor(first.epoch, 4)));
        ensure_next(&trial, &mut following, &event).await?;
        consumers.push(following);
    }
    for mut following in consumers {
        for expected in &second.sent {
            ensure_next(&trial, &mut following, &Followed::Record(expected.clone())).await?;
        }
    }
    Ok(())
}

pub(crate) async fn consumer_of_an_earlier_epoch_resumes(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 4).await?;
    let mut second = first.successor().await?;
    second.write(2).await?;
    let idle = second.successor().await?;
    let mut last = idle.successor().await?;
    last.write(1).await?;
    first.sent.extend(second.sent.into_iter().chain(last.sent));
    let all = first.sent;
    for (epoch, seen) in [(first.epoch, 0), (first.epoch, 3), (second.epoch, 4), (second.epoch, 5)]
    {
        let then = &all[usize::try_from(seen).unwrap_or_default() + 1..];
        ensure_follows(&trial, Some(cursor(epoch, seen)), None, then).await?;
    }
    Ok(())
}

pub(crate) async fn consumer_beyond_the_durable_end_is_rewound(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 4).await?;
    let mut second = first.successor().await?;
    second.write(2).await?;
    let idle = second.successor().await?;
    let mut last = idle.successor().await?;
    last.write(3).await?;
    let ends = [
        (first.epoch, 4, first.epoch),
        (second.epoch, 6, second.epoch),
        (idle.epoch, 6, second.epoch),
    ];
    first.sent.extend(second.sent.into_iter().chain(last.sent));
    for (epoch, end, wrote) in ends {
        let to = Some(cursor(wrote, end - 1));
        let then = first.sent[usize::try_from(end).unwrap_or_default()..].to_vec();
        for ahead in [0, 1, 100] {
            ensure_follows(&trial, Some(cursor(epoch, end + ahead)), Some(rewound(to)), &then)
                .await?;
        }
    }
    Ok(())
}

pub(crate) async fn consumer_of_an_epoch_without_entries_is_rewound(trial: Trial) -> Verdict {
    let lost = trial.open("session").await?;
    let mut writer = lost.successor().await?;
    writer.write(3).await?;
    for seen in [0, 2, 10] {
        ensure_follows(&trial, Some(cursor(lost.epoch, seen)), Some(rewound(None)), &writer.sent)
            .await?;
    }
    Ok(())
}

pub(crate) async fn unknown_cursors_are_rejected(trial: Trial) -> Verdict {
    let first = trial.session("session", 4).await?;
    let other = trial.session("other", 4).await?;
    let mut second = first.successor().await?;
    second.write(2).await?;
    let never = [
        (Epoch(0), 0),
        (other.epoch, 1),
        (Epoch(second.epoch.0 + 1000), 5),
        (Epoch(u64::MAX), u64::MAX),
        // further beyond the end than any reader can be
        (second.epoch, 999_999),
        (second.epoch, u64::MAX - 1),
        (second.epoch, u64::MAX),
        // entries before the start of the epoch
        (second.epoch, 0),
        (second.epoch, 3),
    ];
    for (epoch, seen) in never {
        ensure_err!(
            follow(&trial.log, &first.session, Some(cursor(epoch, seen))).await,
            LogError::UnknownCursor { cursor: found, .. } if found == cursor(epoch, seen),
            "consumer at {epoch}.{seen}"
        );
    }
    let id = trial.id("none")?;
    let none = follow(&trial.log, &id, None).await;
    ensure_err!(none, LogError::NoSession { .. }, "new consumer of a missing session");
    let none = follow(&trial.log, &id, Some(cursor(second.epoch, 0))).await;
    ensure_err!(none, LogError::NoSession { .. }, "consumer with a cursor of a missing session");
    // a recreated session is another session
    trial.log.delete(&first.session).await?;
    trial.session("session", 4).await?;
    ensure_err!(
        follow(&trial.log, &first.session, Some(cursor(first.epoch, 1))).await,
        LogError::UnknownCursor { .. },
        "consumer of a session that was deleted and recreated"
    );
    Ok(())
}

pub(crate) async fn slow_consumer_ends_when_its_session_was_recreated(trial: Trial) -> Verdict {
    for log in trial.handles().await? {
        for entries in [1, 5, 9, 600] {
            let writer = trial.session("session", 5).await?;
            let (id, at) = (&writer.session, |seen| Some(cursor(writer.epoch, seen)));
            let mut current = follow(&log, id, at(1)).await?;
            for record in &writer.sent[2..] {
                ensure_next(&trial, &mut current, &Followed::Record(record.clone())).await?;
            }
            let lagging = follow(&log, id, at(1)).await?;
            // a consumer that waits for entries it has seen before they were durable
            let ahead = follow(&log, id, at(7)).await?;
            // while the consumers are not polled
            trial.log.delete(id).await?;
            let mut again = trial.open("session").await?;
            again.append(several(0..entries)?).await?;
            for mut following in [current, lagging, ahead] {
                let next = trial.soon("end of a slow consumer", following.next()).await?;
                ensure_err!(
                    next.transpose(),
                    LogError::NoSession { .. } | LogError::UnknownCursor { .. },
                    "slow consumer of a recreated session with {entries} entries"
                );
            }
            trial.log.delete(id).await?;
        }
    }
    Ok(())
}

pub(crate) async fn new_consumer_starts_at_the_first_remaining_entry(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    ensure_follows(&trial, None, None, &writer.sent).await?;
    writer.append(vec![snapshot(1)?, item("on")?]).await?;
    trial.log.trim(&writer.session, Offset(2)).await?;
    ensure_follows(&trial, None, None, &writer.sent[2..]).await
}

pub(crate) async fn consumer_that_lacks_trimmed_entries_fails(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 4).await?;
    let mut second = first.successor().await?;
    second.write(4).await?;
    second.append(vec![snapshot(1)?]).await?;
    trial.log.trim(&first.session, Offset(6)).await?;
    first.sent.extend(second.sent.iter().cloned());
    for (epoch, seen) in [(first.epoch, 0), (first.epoch, 3), (first.epoch, 7), (second.epoch, 4)] {
        ensure_err!(
            follow(&trial.log, &first.session, Some(cursor(epoch, seen))).await,
            LogError::Trimmed { first: Offset(6), .. },
            "consumer at {epoch}.{seen} where the first remaining entry is 6"
        );
    }
    ensure_follows(&trial, Some(cursor(second.epoch, 5)), None, &first.sent[6..]).await?;
    ensure_follows(&trial, Some(cursor(second.epoch, 6)), None, &first.sent[7..]).await
}
