//! The writer between the loop and a log: gathers entries, hands them over, waits when it has to.

use super::{
    Append, Claim, Cursor, Durability, EntryPayload, Epoch, Existence, Log, LogError, LogFuture,
    NewEntry, Offset, Opened, RawSessionView, SessionId, Time, Urgency, identity::Identity,
};
use crate::{
    runtime::Runtime,
    sync::{Mutex, exclusive},
};
use std::{
    collections::VecDeque,
    future::poll_fn,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

/// How long a log may keep items that nobody waits for, to write several at once.
const ITEMS_WITHIN: Duration = Duration::from_millis(20);

/// Below this, no snapshot is worth its entry.
const SNAPSHOT_BYTES: usize = 64 << 10;

/// Writes one session under one epoch.
pub(crate) struct Writer {
    log: Arc<dyn Log>,
    session: SessionId,
    durability: Durability,
    clock: Clock,
    epoch: Epoch,
    /// The last entry of an earlier epoch.
    inherited: Option<Cursor>,
    /// Where the next entry that is noted goes.
    next: Offset,
    /// Entries that were not handed over yet.
    noted: Vec<NewEntry>,
    /// The lock is never taken: an app is `Sync`, and these futures are not.
    under_way: Mutex<VecDeque<LogFuture<()>>>,
    weight: Weight,
    /// Why nothing can be written any more, until the session is opened anew.
    broken: Option<LogError>,
    /// Somebody waits for a commit, or gave up waiting: whether the log has it is not known.
    uncertain: bool,
    /// The claim of [`read_back`](Self::read_back), which outlives whoever waits for it: claimed and
    /// not heard of, it would look like somebody else's.
    opening: Mutex<Option<LogFuture<Opened>>>,
}

/// What opening the session would have to read.
#[derive(Clone, Copy, Default)]
struct Weight {
    snapshot: usize,
    since: usize,
}

impl Weight {
    fn add(&mut self, entry: &NewEntry) {
        if entry.snapshot {
            *self = Self { snapshot: entry.json.len(), since: 0 };
        } else {
            self.since += entry.json.len();
        }
    }
}

/// Tells the time of entries.
struct Clock {
    runtime: Arc<dyn Runtime>,
    /// The runtime's time when the session's clock stood at zero, or would have.
    offset: Duration,
    /// The session's clock when the session was opened.
    base: Duration,
}

impl Clock {
    /// Goes on behind the last entry: while nobody had the session open, by the wall's clock.
    fn after(runtime: Arc<dyn Runtime>, last: Option<Time>) -> Self {
        let base = last.map_or(Duration::ZERO, |last| {
            last.since_start() + runtime.wall().saturating_sub(last.wall())
        });
        Self { offset: runtime.now(), base, runtime }
    }

    fn time(&self) -> Time {
        let since = self.base + self.runtime.now().saturating_sub(self.offset);
        let millis = u64::try_from(self.runtime.wall().as_millis()).unwrap_or(u64::MAX);
        Time(millis, u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

impl Writer {
    /// Opens a session with what it amounts to, in the types of the program; `None` for a new one.
    ///
    /// It is read before it is claimed: a program that it does not fit leaves its writer alone.
    pub(crate) async fn open<T, E: From<LogError>>(
        log: Arc<dyn Log>,
        session: SessionId,
        claim: Claim,
        durability: Durability,
        runtime: Arc<dyn Runtime>,
        restore: impl Fn(RawSessionView) -> Result<T, E>,
    ) -> Result<(Self, Option<T>), E> {
        let adopt = |(moment, weight): (RawSessionView, Weight)| {
            let last = (moment.time, moment.cursor());
            Ok::<_, E>((restore(moment)?, last, weight))
        };
        let (opened, next, identity, mut found) = loop {
            let (snapshot, next, epoch) = match log.info(&session).await {
                Err(LogError::NoSession { .. }) => (None, Offset::ZERO, Epoch::default()),
                Ok(_) if claim.existence == Existence::New => {
                    return Err(LogError::SessionExists { session }.into());
                }
                info => info.map(|info| (info.snapshot, info.next, info.epoch))?,
            };
            let identity = Identity::new(&log, &session, epoch);
            let found = match read(&log, &session, &identity, snapshot, next).await {
                // deleted meanwhile, and perhaps made again
                Err(LogError::NoSession { .. }) => continue,
                found => found?.map(&adopt).transpose()?,
            };
            let any = claim.existence == Existence::Any;
            let existence =
                if any && next == Offset::ZERO { Existence::New } else { claim.existence };
            match log.open(&session, Claim { existence, ..claim }).await {
                // made meanwhile, perhaps by the program of another graph: it is read first
                Err(LogError::SessionExists { .. }) if any => {}
                opened => break (opened?, next, identity, found),
            }
        };
        // its writer continued meanwhile, or it is another session, perhaps as long
        let changed =
            opened.next != next || (next > Offset::ZERO && !identity.is_current().await?);
        if changed {
            let identity = Identity::new(&log, &session, opened.epoch);
            let read = read(&log, &session, &identity, opened.snapshot, opened.next).await?;
            found = read.map(&adopt).transpose()?;
        }
        let (restored, last, weight) = match found {
            Some((restored, last, weight)) => (Some(restored), Some(last), weight),
            None => (None, None, Weight::default()),
        };
        let clock = Clock::after(runtime, last.map(|(time, _)| time));
        let writer = Self {
            log,
            session,
            durability,
            clock,
            epoch: opened.epoch,
            inherited: last.map(|(_, cursor)| cursor),
            next: opened.next,
            noted: Vec::new(),
            under_way: Mutex::new(VecDeque::new()),
            weight,
            broken: None,
            uncertain: false,
            opening: Mutex::new(None),
        };
        Ok((writer, restored))
    }

    /// Opens the session anew after an append whose fate is unknown, unless somebody else did, and
    /// reads what it amounts to. Nothing can be written until [`go_on`](Self::go_on).
    ///
    /// # Cancel safety
    /// When it fails or is dropped, it can be called again.
    pub(crate) async fn read_back(&mut self) -> Result<RawSessionView, LogError> {
        self.noted.clear();
        exclusive(&mut self.under_way).clear();
        if exclusive(&mut self.opening).is_none() {
            if self.log.info(&self.session).await?.epoch != self.epoch {
                let error = LogError::Fenced { session: self.session.clone(), epoch: self.epoch };
                self.broken = Some(error.clone());
                return Err(error);
            }
            let opening = self.log.open(&self.session, Claim::default());
            *exclusive(&mut self.opening) = Some(opening);
        }
        let opened = poll_fn(|cx| match exclusive(&mut self.opening) {
            Some(opening) => opening.as_mut().poll(cx).map(Some),
            None => Poll::Ready(None),
        })
        .await;
        *exclusive(&mut self.opening) = None;
        let opened = opened.unwrap_or(Err(LogError::Closed))?;
        self.epoch = opened.epoch;
        let identity = Identity::new(&self.log, &self.session, opened.epoch);
        let (snapshot, next) = (opened.snapshot, opened.next);
        let read = read(&self.log, &self.session, &identity, snapshot, next).await?;
        let (moment, weight) = read.ok_or(LogError::NoSession { session: self.session.clone() })?;
        (self.next, self.weight) = (opened.next, weight);
        self.inherited = Some(moment.cursor());
        self.clock = Clock::after(Arc::clone(&self.clock.runtime), Some(moment.time));
        Ok(moment)
    }

    /// Goes on behind what was read back.
    pub(crate) fn go_on(&mut self) {
        self.broken = None;
        self.uncertain = false;
    }

    pub(crate) fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    pub(crate) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The entry that was noted last, or the last one before the session was opened.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        let offset = Offset(self.next.0.checked_sub(1)?);
        let inherited = self.inherited.filter(|cursor| cursor.offset == offset);
        Some(inherited.unwrap_or(Cursor { epoch: self.epoch, offset }))
    }

    /// Whether everything that was noted is durable.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.noted.is_empty() && exclusive(&mut self.under_way).is_empty()
    }

    /// Why nothing can be written any more, if it is known.
    pub(crate) fn broken(&self) -> Option<&LogError> {
        self.broken.as_ref()
    }

    /// Whether the session has to be opened anew before anything can be written.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.is_some() || self.uncertain
    }

    /// Looks whether appends that nobody waits for have failed.
    pub(crate) fn notice(&mut self) -> Result<(), LogError> {
        match self.poll_under_way(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(noticed) => noticed,
            Poll::Pending => Ok(()),
        }
    }

    /// Whether the entries since the last snapshot outweigh it.
    pub(crate) fn wants_snapshot(&self) -> bool {
        self.weight.since > self.weight.snapshot.max(SNAPSHOT_BYTES)
    }

    /// Makes an entry of this moment.
    pub(crate) fn draft(&self, kind: &impl EntryPayload) -> Result<NewEntry, LogError> {
        NewEntry::of(kind, self.clock.time())
    }

    /// Puts an entry behind those before.
    pub(crate) fn put(&mut self, draft: NewEntry) {
        self.weight.add(&draft);
        self.noted.push(draft);
        self.next = self.next.plus(1);
    }

    /// Makes an entry and puts it behind those before.
    pub(crate) fn note(&mut self, kind: &impl EntryPayload) -> Result<(), LogError> {
        let draft = self.draft(kind)?;
        self.put(draft);
        Ok(())
    }

    /// Takes back the entries noted since `mark`, none of which was handed over.
    pub(crate) fn take_back(&mut self, mark: Mark) {
        self.noted.truncate(mark.noted);
        self.next = mark.next;
        self.weight = mark.weight;
    }

    /// What [`take_back`](Self::take_back) returns to.
    pub(crate) fn mark(&self) -> Mark {
        Mark { noted: self.noted.len(), next: self.next, weight: self.weight }
    }

    /// Hands over what was noted.
    fn hand_over(&mut self, urgency: Urgency) {
        if self.noted.is_empty() || self.is_broken() {
            return;
        }
        let entries = mem::take(&mut self.noted);
        let at = Offset(self.next.0 - entries.len() as u64);
        let (session, epoch) = (self.session.clone(), self.epoch);
        let appending = self.log.append(Append { session, epoch, at, entries, urgency });
        exclusive(&mut self.under_way).push_back(appending);
    }

    /// Hands items over; it is for the log to gather them, because nobody comes back here until the
    /// action yields or returns.
    pub(crate) fn hand_over_items(&mut self) -> Result<(), LogError> {
        self.notice()?;
        self.hand_over(Urgency::Within(ITEMS_WITHIN));
        Ok(())
    }

    /// Hands over what nobody waits for.
    pub(crate) fn hand_over_the_rest(&mut self) {
        self.hand_over(Urgency::Whenever);
    }

    /// Hands over a commit, and waits for it unless the durability says that nobody does.
    ///
    /// # Cancel safety
    /// When it is dropped, whether the commit counts is for [`read_back`](Self::read_back) to find
    /// out.
    pub(crate) async fn commit(&mut self) -> Result<(), LogError> {
        match self.durability {
            Durability::Commit | Durability::Item => {
                self.hand_over(Urgency::Now);
                self.uncertain = true;
                let result = poll_fn(|cx| self.poll_under_way(cx)).await;
                self.uncertain = false;
                result
            }
            Durability::Batch(interval) => {
                self.hand_over(Urgency::Within(interval));
                self.notice()
            }
        }
    }

    /// Hands over what was noted, and waits until everything is durable.
    pub(crate) async fn flush(&mut self) -> Result<(), LogError> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        self.hand_over(Urgency::Now);
        self.poll_under_way(cx)
    }

    fn poll_under_way(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        let under_way = exclusive(&mut self.under_way);
        while let Some(first) = under_way.front_mut() {
            let result = ready!(Pin::as_mut(first).poll(cx));
            under_way.pop_front();
            if let Err(error) = result {
                // those behind it fail because of it, and say less
                under_way.clear();
                self.noted.clear();
                self.broken = Some(error);
            }
        }
        Poll::Ready(match &self.broken {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        })
    }

    /// Makes everything durable and lets go of the session.
    pub(crate) async fn close(&mut self) -> Result<(), LogError> {
        self.flush().await?;
        self.log.release(&self.session, self.epoch).await
    }
}

/// Reads what a session amounts to, from its last snapshot on; `None` for a new one.
async fn read(
    log: &Arc<dyn Log>,
    session: &SessionId,
    identity: &Identity,
    snapshot: Option<Offset>,
    next: Offset,
) -> Result<Option<(RawSessionView, Weight)>, LogError> {
    let mut weight = Weight::default();
    let from = match snapshot {
        None if next > Offset::ZERO => {
            let reason = "it has no snapshot to begin with".into();
            let session = session.clone();
            return Err(LogError::Damaged { session, offset: Offset::ZERO, reason });
        }
        None => return Ok(None),
        Some(from) => from,
    };
    let weigh = |json, snapshot| {
        weight = if snapshot {
            Weight { snapshot: json, since: 0 }
        } else {
            Weight { since: weight.since + json, ..weight }
        };
    };
    let moment = RawSessionView::read(log, session, identity, from..next, weigh).await?;
    Ok(Some((moment, weight)))
}

/// A place among the entries that were noted.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    noted: usize,
    next: Offset,
    weight: Weight,
}
