//! The writer of a session: queues entries, submits them to the log, and waits as the durability requires.

use super::{
    Append, Claim, Cursor, Durability, EntryPayload, Epoch, Existence, Log, LogError, LogFuture,
    NewEntry, Offset, Opened, Place, RawSessionView, SessionId, Time, Urgency, identity::Identity,
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

/// How long a log may delay an append of items, to batch several: no task waits for them.
const ITEMS_WITHIN: Duration = Duration::from_millis(20);

/// The size that the entries since the last snapshot have to exceed before another snapshot is written.
const MIN_BYTES_PER_SNAPSHOT: usize = 64 << 10;

/// Writes one session under one epoch.
pub(crate) struct Writer {
    log: Arc<dyn Log>,
    session: SessionId,
    durability: Durability,
    clock: Clock,
    epoch: Epoch,
    /// The cursor of the last entry before the session was opened.
    inherited: Option<Cursor>,
    /// The offset of the next entry to be queued.
    next: Offset,
    /// Entries that were not submitted yet.
    queued: Vec<NewEntry>,
    /// Appends in progress with the offsets of their first entries, in order. The lock is never taken; it makes the app `Sync`, which futures are not.
    in_flight: Mutex<VecDeque<(Offset, LogFuture<()>)>>,
    /// The last append under [`Durability::Batch`], which the log may delay.
    delayed: Option<Append>,
    weight: Weight,
    /// The error after which nothing can be written until the session is reopened.
    broken: Option<LogError>,
    /// Whether the result of a commit is unknown: a caller is waiting for it, or has stopped waiting.
    uncertain: bool,
    /// The pending `open` of [`reopen`](Self::reopen). It is kept if the caller stops waiting: the epoch of an opening
    /// without a known result would look like that of another writer.
    opening: Mutex<Option<LogFuture<Opened>>>,
}

/// The bytes that opening the session would have to read.
#[derive(Clone, Copy, Default)]
struct Weight {
    /// The last snapshot.
    snapshot: usize,
    /// The entries after it.
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

/// The clock for the times of entries.
struct Clock {
    runtime: Arc<dyn Runtime>,
    /// The runtime's time when the session was opened.
    opened_at: Duration,
    /// The session time when the session was opened.
    base: Duration,
}

impl Clock {
    /// Continues the session time after the last entry. The time during which the session was not open is measured
    /// by the wall clock.
    fn after(runtime: Arc<dyn Runtime>, last: Option<Time>) -> Self {
        let base = last.map_or(Duration::ZERO, |last| {
            last.since_start() + runtime.wall().saturating_sub(last.wall())
        });
        Self { opened_at: runtime.now(), base, runtime }
    }

    fn time(&self) -> Time {
        let since = self.base + self.runtime.now().saturating_sub(self.opened_at);
        let millis = u64::try_from(self.runtime.wall().as_millis()).unwrap_or(u64::MAX);
        Time(millis, u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

impl Writer {
    /// Opens a session and returns its restored content, or `None` for a new session.
    ///
    /// The session is read before it is opened, so that a program whose types do not fit it does not fence its
    /// writer.
    pub(crate) async fn open<T, E: From<LogError>>(
        log: Arc<dyn Log>,
        session: SessionId,
        claim: Claim,
        durability: Durability,
        runtime: Arc<dyn Runtime>,
        restore: impl Fn(RawSessionView) -> Result<T, E>,
    ) -> Result<(Self, Option<T>), E> {
        let adopt = |(view, weight): (RawSessionView, Weight)| {
            let last = (view.time, view.cursor());
            Ok::<_, E>((restore(view)?, last, weight))
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
                // deleted since `info`, and perhaps created again
                Err(LogError::NoSession { .. }) => continue,
                found => found?.map(&adopt).transpose()?,
            };
            let any = claim.existence == Existence::Any;
            let existence =
                if any && next == Offset::ZERO { Existence::New } else { claim.existence };
            match log.open(&session, Claim { existence, ..claim }).await {
                // created since `info`, perhaps by the program of another graph: read it first
                Err(LogError::SessionExists { .. }) if any => {}
                opened => break (opened?, next, identity, found),
            }
        };
        // its writer has appended since, or it is another session with this id, perhaps with as many entries
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
            queued: Vec::new(),
            in_flight: Mutex::new(VecDeque::new()),
            delayed: None,
            weight,
            broken: None,
            uncertain: false,
            opening: Mutex::new(None),
        };
        Ok((writer, restored))
    }

    /// Opens the session again after an append whose result is unknown, and reads it. Returns an error if another
    /// writer has opened it since. Nothing can be written until [`resume`](Self::resume).
    ///
    /// # Cancel safety
    /// If it fails or is dropped, it can be called again.
    pub(crate) async fn reopen(&mut self) -> Result<RawSessionView, LogError> {
        self.queued.clear();
        exclusive(&mut self.in_flight).clear();
        if exclusive(&mut self.opening).is_none() {
            match self.log.info(&self.session).await {
                Ok(info) if info.epoch == self.epoch => {}
                // its first entry may be queued in the log, and is stored before the session is opened
                Err(LogError::NoSession { .. }) => {}
                Ok(_) => {
                    let (session, epoch) = (self.session.clone(), self.epoch);
                    let error = LogError::Fenced { session, epoch };
                    self.broken = Some(error.clone());
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
            let claim = Claim { existence: Existence::Existing, ..Claim::default() };
            let opening = self.log.open(&self.session, claim);
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
        let (view, weight) = read.ok_or(LogError::NoSession { session: self.session.clone() })?;
        (self.next, self.weight) = (opened.next, weight);
        self.inherited = Some(view.cursor());
        self.clock = Clock::after(Arc::clone(&self.clock.runtime), Some(view.time));
        Ok(view)
    }

    /// Allows writes after the entries that [`reopen`](Self::reopen) read.
    pub(crate) fn resume(&mut self) {
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

    /// Returns the offset of the next entry to be queued.
    pub(crate) fn next(&self) -> Offset {
        self.next
    }

    /// Returns the cursor of the last queued entry, or of the last entry before the session was opened.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        let offset = Offset(self.next.0.checked_sub(1)?);
        let inherited = self.inherited.filter(|cursor| cursor.offset == offset);
        Some(inherited.unwrap_or(Cursor { epoch: self.epoch, offset }))
    }

    /// Returns whether all entries are durable.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.queued.is_empty() && exclusive(&mut self.in_flight).is_empty()
    }

    /// Returns the error after which nothing can be written, if it is known.
    pub(crate) fn broken(&self) -> Option<&LogError> {
        self.broken.as_ref()
    }

    /// Returns whether the session has to be reopened before anything can be written.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.is_some() || self.uncertain
    }

    /// Returns an error if an append has failed. Does not wait.
    pub(crate) fn check_appends(&mut self) -> Result<(), LogError> {
        match self.poll_in_flight(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    /// Returns whether the entries since the last snapshot are larger than the snapshot.
    pub(crate) fn is_snapshot_due(&self) -> bool {
        self.weight.since > self.weight.snapshot.max(MIN_BYTES_PER_SNAPSHOT)
    }

    /// Creates an entry with the current time.
    pub(crate) fn new_entry(&self, payload: &impl EntryPayload) -> Result<NewEntry, LogError> {
        NewEntry::of(payload, self.clock.time())
    }

    /// Adds an entry to the queue.
    pub(crate) fn enqueue(&mut self, entry: NewEntry) {
        self.weight.add(&entry);
        self.queued.push(entry);
        self.next = self.next.plus(1);
    }

    /// Creates an entry and adds it to the queue.
    pub(crate) fn append(&mut self, payload: &impl EntryPayload) -> Result<(), LogError> {
        let entry = self.new_entry(payload)?;
        self.enqueue(entry);
        Ok(())
    }

    /// Removes the entries that were queued since `mark`. None of them may have been submitted.
    pub(crate) fn truncate(&mut self, mark: Mark) {
        self.queued.truncate(mark.queued);
        self.next = mark.next;
        self.weight = mark.weight;
    }

    /// Returns the current end of the queue, for [`truncate`](Self::truncate).
    pub(crate) fn mark(&self) -> Mark {
        Mark { queued: self.queued.len(), next: self.next, weight: self.weight }
    }

    /// Submits the queued entries to the log.
    fn submit_with(&mut self, urgency: Urgency) {
        if self.queued.is_empty() || self.is_broken() {
            return;
        }
        let entries = mem::take(&mut self.queued);
        let at = Offset(self.next.0 - entries.len() as u64);
        let (session, epoch) = (self.session.clone(), self.epoch);
        let append = Append { session, epoch, at, entries, urgency };
        let is_batch = matches!(self.durability, Durability::Batch(_));
        self.delayed = (is_batch && urgency != Urgency::Now).then(|| append.clone());
        self.push(append);
    }

    fn push(&mut self, append: Append) {
        let at = append.at;
        let appending = self.log.append(append);
        exclusive(&mut self.in_flight).push_back((at, appending));
    }

    /// Submits the last append again if the log may delay it. A log recognises a repeated append, and stores everything before
    /// one that has to be durable immediately.
    fn hurry(&mut self) {
        if let Some(delayed) = self.delayed.take()
            && !self.is_broken()
            && !exclusive(&mut self.in_flight).is_empty()
        {
            self.push(delayed.urgency(Urgency::Now));
        }
    }

    /// Submits items. The log has to batch them, because the writer is not called again until the action
    /// yields or returns.
    pub(crate) fn submit_items(&mut self) -> Result<(), LogError> {
        self.check_appends()?;
        self.submit_with(Urgency::Within(ITEMS_WITHIN));
        Ok(())
    }

    /// Submits the queued entries without waiting for them.
    pub(crate) fn submit(&mut self) {
        self.submit_with(Urgency::Whenever);
    }

    /// Submits a commit, and waits until it is durable unless the mode is [`Durability::Batch`].
    ///
    /// # Cancel safety
    /// If it is dropped, the commit may or may not be stored; [`reopen`](Self::reopen) finds out.
    pub(crate) async fn commit(&mut self) -> Result<(), LogError> {
        match self.durability {
            Durability::Commit | Durability::Item => {
                self.submit_with(Urgency::Now);
                self.uncertain = true;
                let result = poll_fn(|cx| self.poll_in_flight(cx)).await;
                self.uncertain = false;
                result
            }
            Durability::Batch(interval) => {
                self.submit_with(Urgency::Within(interval));
                self.check_appends()
            }
        }
    }

    /// Submits the queued entries, and waits until everything is durable.
    pub(crate) async fn flush(&mut self) -> Result<(), LogError> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        self.submit_with(Urgency::Now);
        self.hurry();
        self.poll_in_flight(cx)
    }

    /// Submits the queued entries, and returns the place after them.
    pub(crate) fn place(&mut self, cx: &mut Context<'_>) -> Result<Place, LogError> {
        if let Poll::Ready(appended) = self.poll_in_flight(cx) {
            appended?;
        }
        self.submit_with(Urgency::Now);
        let (session, epoch) = (self.session.clone(), self.epoch);
        Ok(Place { session, epoch, at: self.next, time: self.clock.time() })
    }

    /// Called after the log has appended an entry of this size at the [place](Self::place) itself.
    pub(crate) fn appended_by_log(&mut self, bytes: usize) {
        self.weight.since += bytes;
        self.next = self.next.plus(1);
    }

    /// Requires that the session is reopened before anything is written, because of this error.
    pub(crate) fn set_broken(&mut self, error: LogError) {
        // an append that has failed is the cause
        if self.check_appends().is_ok() {
            self.broken = Some(error);
        }
    }

    /// Requires that the session is reopened before anything is written: it is not known what the log has.
    pub(crate) fn set_uncertain(&mut self) {
        self.uncertain = true;
    }

    /// Submits the queued entries if entries before `end` are among them.
    pub(crate) fn submit_until(&mut self, end: Offset) {
        if self.submitted() < end {
            self.submit_with(Urgency::Now);
        }
    }

    /// Waits until the entries before `end`, which were submitted, are durable. Returns the offset up to which all entries are.
    pub(crate) fn poll_until(
        &mut self,
        end: Offset,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Offset, LogError>> {
        let polled = self.poll_in_flight(cx);
        match exclusive(&mut self.in_flight).front() {
            Some((at, _)) if *at >= end => Poll::Ready(Ok(*at)),
            Some(_) => Poll::Pending,
            None => polled.map_ok(|()| self.submitted()),
        }
    }

    /// Returns the offset of the first queued entry.
    fn submitted(&self) -> Offset {
        Offset(self.next.0 - self.queued.len() as u64)
    }

    fn poll_in_flight(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LogError>> {
        let in_flight = exclusive(&mut self.in_flight);
        while let Some((_, first)) = in_flight.front_mut() {
            let result = ready!(Pin::as_mut(first).poll(cx));
            in_flight.pop_front();
            if let Err(error) = result {
                // the appends after it fail because of it, with errors that are less specific
                in_flight.clear();
                self.queued.clear();
                self.broken = Some(error);
            }
        }
        Poll::Ready(match &self.broken {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        })
    }

    /// Makes everything durable and releases the session.
    pub(crate) async fn close(&mut self) -> Result<(), LogError> {
        self.flush().await?;
        self.log.release(&self.session, self.epoch).await
    }
}

/// Reads a session from its last snapshot on. Returns `None` for a new session.
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
            let reason = "the session has no snapshot".into();
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
    let view = RawSessionView::read(log, session, identity, from..next, weigh).await?;
    Ok(Some((view, weight)))
}

/// A recorded end of the queue of entries, for [`Writer::truncate`].
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    queued: usize,
    next: Offset,
    weight: Weight,
}
