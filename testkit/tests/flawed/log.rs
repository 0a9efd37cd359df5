//! A log in memory with one flaw.

use super::{Flaw, ids, store::now, waiting};
use burdock::log::{
    Append, Claim, Epoch, EpochStart, Existence, Log, LogError, LogFuture, MemoryLog, Offset,
    Opened, Record, SessionFilter, SessionId, SessionInfo,
};
use futures::FutureExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::{pending, ready},
    sync::{Arc, Mutex, atomic::AtomicUsize},
    task::Waker,
    thread,
    time::{Duration, Instant},
};

#[derive(Clone)]
pub struct Flawed {
    pub(super) flaw: Flaw,
    pub(super) inner: MemoryLog,
    pub(super) reopened: bool,
    pub(super) notes: Arc<Notes>,
}

/// State of some flaws.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) waiting: AtomicUsize,
    pub(super) wakers: Mutex<Vec<Waker>>,
    lock: Mutex<()>,
    epochs: Mutex<BTreeMap<SessionId, Vec<Epoch>>>,
    opened: Mutex<BTreeMap<SessionId, Instant>>,
    released: Mutex<BTreeSet<SessionId>>,
}

impl Flawed {
    pub fn new(flaw: Flaw, inner: MemoryLog) -> Self {
        Self { flaw, inner, reopened: false, notes: Arc::default() }
    }

    fn id(&self, id: &SessionId) -> SessionId {
        ids::stored(self.flaw, id)
    }

    fn info_of(&self, id: &SessionId) -> Option<SessionInfo> {
        self.inner.info(id).now_or_never().unwrap().ok()
    }

    fn all(&self, prefix: &str) -> Vec<SessionInfo> {
        let (prefix, limit) = (prefix.to_owned(), usize::MAX);
        now(self.inner.sessions(SessionFilter { prefix, limit, ..SessionFilter::default() }))
    }

    fn records(&self, append: &Append) -> Vec<Record> {
        let read = self.inner.read(&append.session, append.at, append.entries.len());
        read.now_or_never().unwrap().unwrap_or_default()
    }

    /// Returns the epoch as numbered by this log.
    fn outer(&self, id: &SessionId, epoch: Epoch) -> Epoch {
        if self.flaw != Flaw::CountsEpochsPerSession {
            return epoch;
        }
        let epochs = self.notes.epochs.lock().unwrap();
        let index = epochs.get(id).and_then(|known| known.iter().position(|known| *known == epoch));
        Epoch(index.map_or(0, |index| index as u64 + 1))
    }

    fn inner(&self, id: &SessionId, epoch: Epoch) -> Epoch {
        if self.flaw != Flaw::CountsEpochsPerSession {
            return epoch;
        }
        let epochs = self.notes.epochs.lock().unwrap();
        let index = usize::try_from(epoch.0.wrapping_sub(1)).unwrap();
        epochs.get(id).and_then(|known| known.get(index)).copied().unwrap_or_default()
    }

    fn reported(&self, id: &SessionId, mut info: SessionInfo) -> SessionInfo {
        info.epoch = self.outer(id, info.epoch);
        match self.flaw {
            Flaw::ReportsTheFirstSnapshot => info.snapshot = Some(Offset::ZERO),
            Flaw::ReportsUpdatedAsCreated => info.created = info.updated,
            Flaw::ReportsFirstAsZero => info.first = Offset::ZERO,
            // like a log that reads the graph from the first entry
            Flaw::LosesTheGraphOnTrim if info.first > Offset::ZERO => info.graph = None,
            _ => {}
        }
        info
    }

    fn claim(&self, id: &SessionId, mut claim: Claim) -> Claim {
        match self.flaw {
            Flaw::IgnoresExistence => claim.existence = Existence::Any,
            Flaw::IgnoresTheIdleTime => claim.idle_for = None,
            Flaw::SessionsNeverBecomeIdle => claim.idle_for = claim.idle_for.map(|_| Duration::MAX),
            Flaw::IdleTimeCountsFromOpening => {
                let opened = self.notes.opened.lock().unwrap().get(id).copied();
                let over = |lease: &Duration| opened.is_some_and(|at| at.elapsed() >= *lease);
                claim.idle_for = claim.idle_for.filter(|lease| !over(lease));
            }
            Flaw::ClaimsRace => {
                let free = self.notes.released.lock().unwrap().contains(id);
                // the flaw: another claim may come between the check and the claim
                thread::sleep(Duration::from_millis(1));
                if free {
                    claim.idle_for = None;
                }
            }
            _ => {}
        }
        claim
    }

    /// Applies a flaw of appends. Returns `None` if the append continues normally.
    fn flawed_append(&self, append: &mut Append) -> Option<LogFuture<()>> {
        let info = self.info_of(&append.session);
        let next = info.as_ref().map_or(Offset::ZERO, |info| info.next);
        let there = self.records(append);
        let same =
            |at: usize| there.get(at).is_some_and(|record| record.json == append.entries[at].json);
        let done = || Some(Box::pin(ready(Ok(()))) as LogFuture<()>);
        match self.flaw {
            Flaw::DropsTheLastEntry if append.entries.len() > 1 => drop(append.entries.pop()),
            Flaw::SwapsTwoEntries if append.entries.len() > 1 => append.entries.swap(0, 1),
            Flaw::TruncatesToTenThousandEntries => append.entries.truncate(10_000),
            Flaw::KeepsTheFirstGraph if next > Offset::ZERO => {
                for entry in &mut append.entries {
                    entry.graph = None;
                }
            }
            Flaw::IgnoresTheOffset => append.at = next,
            Flaw::IgnoresTheEpoch => append.epoch = info.map_or(append.epoch, |info| info.epoch),
            Flaw::RejectsRepetitions if append.at < next => {
                let (session, at) = (append.session.clone(), append.at);
                return Some(Box::pin(ready(Err(LogError::Misplaced { session, at, next }))));
            }
            Flaw::ComparesOnlyTheFirstEntry if same(0) => return done(),
            Flaw::IgnoresTheEpochOfRepetitions if (0..append.entries.len()).all(same) => {
                return done();
            }
            Flaw::SplitsAppends if append.at == next => return Some(self.split(append)),
            Flaw::AppendsOnPoll => {
                let (log, append) = (self.inner.clone(), append.clone());
                return Some(Box::pin(async move { log.append(append).await }));
            }
            Flaw::AppendsHalfWhenDropped => return Some(self.half(append)),
            Flaw::NeverAcknowledgesDelayedAppends
                if append.urgency != burdock::log::Urgency::Now =>
            {
                drop(self.inner.append(append.clone()));
                return Some(Box::pin(pending()));
            }
            Flaw::WakesWhileLocked => {
                let _lock = self.notes.lock.lock().unwrap();
                return Some(self.inner.append(append.clone()));
            }
            _ => {}
        }
        None
    }

    fn split(&self, append: &Append) -> LogFuture<()> {
        for (at, entry) in (append.at.0..).zip(&append.entries) {
            let mut part = append.clone();
            (part.at, part.entries) = (Offset(at), vec![entry.clone()]);
            let part = self.inner.append(part);
            if let Err(error) = part.now_or_never().unwrap() {
                return Box::pin(ready(Err(error)));
            }
            // long enough for readers to see a partial append
            thread::sleep(Duration::from_micros(100));
        }
        Box::pin(ready(Ok(())))
    }

    fn half(&self, append: &Append) -> LogFuture<()> {
        struct Half(MemoryLog, Option<Append>);
        impl Drop for Half {
            fn drop(&mut self) {
                if let Some(mut append) = self.1.take() {
                    append.entries.truncate(append.entries.len().div_ceil(2));
                    drop(self.0.append(append));
                }
            }
        }
        let mut half = Half(self.inner.clone(), Some(append.clone()));
        Box::pin(async move {
            let append = half.1.take().unwrap();
            half.0.append(append).await
        })
    }

    fn flawed_read(
        &self,
        id: &SessionId,
        mut from: Offset,
        mut limit: usize,
    ) -> LogFuture<Vec<Record>> {
        let info = self.info_of(id);
        match (self.flaw, &info) {
            (Flaw::ReportsDeletedSessionsAsDamaged, None) => {
                let (session, offset, reason) = (id.clone(), from, "it is missing".into());
                return Box::pin(ready(Err(LogError::Damaged { session, offset, reason })));
            }
            (Flaw::TreatsMissingSessionsAsEmpty, None) => return Box::pin(ready(Ok(Vec::new()))),
            (Flaw::StartsReadsOneLate, _) if from > Offset::ZERO => {
                from = Offset(from.0.saturating_add(1));
            }
            (Flaw::ExceedsTheLimit, _) => limit = limit.saturating_add(1),
            (Flaw::ReturnsEmptyPages, _) if from.0 % 256 == 255 => limit = 0,
            (Flaw::ClampsOffsetsToTheEnd, Some(info)) => from = from.min(Offset(info.next.0 - 1)),
            (Flaw::WrapsOffsets, _) if i64::try_from(from.0).is_err() => from = Offset::ZERO,
            (Flaw::SkipsTrimmedEntries, Some(info)) => from = from.max(info.first),
            (Flaw::ReadsFenceTheWriter, Some(_)) => drop(self.inner.open(id, Claim::default())),
            _ => {}
        }
        self.inner.read(id, from, limit)
    }
}

impl Log for Flawed {
    fn open(&self, session: &SessionId, claim: Claim) -> LogFuture<Opened> {
        if self.flaw == Flaw::RejectsChildren && session.is_child() {
            return Box::pin(ready(Err(SessionId::new(session.as_str()).unwrap_err())));
        }
        let id = self.id(session);
        let opened = self.inner.open(&id, self.claim(&id, claim)).now_or_never().unwrap();
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                if self.flaw == Flaw::RejectedClaimsFence {
                    drop(self.inner.open(&id, Claim::default()));
                }
                return Box::pin(ready(Err(error)));
            }
        };
        self.notes.epochs.lock().unwrap().entry(id.clone()).or_default().push(opened.epoch);
        self.notes.opened.lock().unwrap().insert(id.clone(), Instant::now());
        self.notes.released.lock().unwrap().remove(&id);
        opened.epoch = self.outer(&id, opened.epoch);
        match self.flaw {
            Flaw::OpensWithoutTheSnapshot => opened.snapshot = None,
            Flaw::ReportsTheFirstSnapshot => {
                opened.snapshot = opened.snapshot.map(|_| Offset::ZERO);
            }
            _ => {}
        }
        Box::pin(ready(Ok(opened)))
    }

    fn append(&self, mut append: Append) -> LogFuture<()> {
        append.session = self.id(&append.session);
        append.epoch = self.inner(&append.session, append.epoch);
        if let Some(flawed) = self.flawed_append(&mut append) {
            return flawed;
        }
        let appended = self.inner.append(append).now_or_never().unwrap();
        let acknowledged = self.flaw == Flaw::AcknowledgesFencedAppends
            && matches!(appended, Err(LogError::Fenced { .. }));
        Box::pin(ready(if acknowledged { Ok(()) } else { appended }))
    }

    fn read(&self, session: &SessionId, from: Offset, limit: usize) -> LogFuture<Vec<Record>> {
        let id = self.id(session);
        let read = self.flawed_read(&id, from, limit).now_or_never().unwrap();
        let records = read.map(|mut records| {
            for record in &mut records {
                record.epoch = self.outer(&id, record.epoch);
                match self.flaw {
                    Flaw::NormalizesJson => {
                        if let Ok(json) = serde_json::from_str::<serde_json::Value>(&record.json) {
                            record.json = json.to_string().into();
                        }
                    }
                    Flaw::TruncatesLargeEntries if record.json.len() > 1 << 20 => {
                        let end = record.json.floor_char_boundary(1 << 20);
                        record.json = record.json[..end].into();
                    }
                    _ => {}
                }
            }
            records
        });
        Box::pin(ready(records))
    }

    fn reached(&self, session: &SessionId, offset: Offset) -> LogFuture<()> {
        waiting::reached(self, &self.id(session), offset)
    }

    fn snapshot_before(&self, session: &SessionId, offset: Offset) -> LogFuture<Option<Offset>> {
        let further = if self.flaw == Flaw::FindsLaterSnapshots { 2 } else { 0 };
        self.inner.snapshot_before(&self.id(session), Offset(offset.0.saturating_add(further)))
    }

    fn info(&self, session: &SessionId) -> LogFuture<SessionInfo> {
        let _lock = (self.flaw == Flaw::WakesWhileLocked).then(|| self.notes.lock.lock().unwrap());
        let id = self.id(session);
        let info = self.inner.info(&id).now_or_never().unwrap();
        if self.flaw == Flaw::TreatsMissingSessionsAsEmpty && info.is_err() {
            return Box::pin(ready(Ok(empty(id))));
        }
        Box::pin(ready(info.map(|info| self.reported(&id, info))))
    }

    fn sessions(&self, filter: SessionFilter) -> LogFuture<Vec<SessionInfo>> {
        let prefix = match self.flaw {
            Flaw::PrefixIsAPattern
            | Flaw::PrefixIgnoresCase
            | Flaw::PrefixEndsInTheBasicPlane
            | Flaw::ListsInUtf16Order
            | Flaw::RepeatsTheLastSession
            | Flaw::ListsAtMostAThousand
            | Flaw::IgnoresTheGraphFilter
            | Flaw::GraphIsAPattern
            | Flaw::GraphIgnoresCase
            | Flaw::ListsInGraphOrder
            | Flaw::FiltersByGraphAfterTheLimit => String::new(),
            Flaw::ListsChildren
            | Flaw::FiltersChildrenAfterTheLimit
            | Flaw::StopsAtChildren
            | Flaw::NeverListsChildren => {
                let mut all = self.all("");
                all.extend(self.all("~"));
                all.sort_by(|a, b| a.id.cmp(&b.id));
                return Box::pin(ready(Ok(ids::list_children(self.flaw, &filter, all))));
            }
            _ => {
                let found = now(self.inner.sessions(filter)).into_iter();
                let found = found.map(|info| self.reported(&info.id.clone(), info)).collect();
                return Box::pin(ready(Ok(found)));
            }
        };
        Box::pin(ready(Ok(ids::list(self.flaw, &filter, self.all(&prefix)))))
    }

    fn epochs(&self, session: &SessionId) -> LogFuture<Vec<EpochStart>> {
        let id = self.id(session);
        let mut epochs = match self.inner.epochs(&id).now_or_never().unwrap() {
            Ok(epochs) => epochs,
            Err(_) if self.flaw == Flaw::TreatsMissingSessionsAsEmpty => {
                let (epoch, start) = (Epoch::default(), Offset::ZERO);
                return Box::pin(ready(Ok(vec![EpochStart::new(epoch, start)])));
            }
            Err(error) => return Box::pin(ready(Err(error))),
        };
        // another thread may have deleted the session
        let Some(info) = self.info_of(&id) else {
            return Box::pin(ready(Err(LogError::NoSession { session: session.clone() })));
        };
        let next: Vec<_> =
            epochs.iter().skip(1).map(|next| next.start).chain([info.next]).collect();
        match self.flaw {
            Flaw::OmitsEmptyEpochs => {
                let mut next = next.into_iter();
                epochs.retain(|epoch| next.next() > Some(epoch.start));
            }
            Flaw::EpochsStartEarly => {
                for epoch in &mut epochs {
                    epoch.start.0 = epoch.start.0.saturating_sub(1);
                }
            }
            Flaw::EpochsStartLate => epochs.iter_mut().skip(1).for_each(|epoch| epoch.start.0 += 1),
            Flaw::TrimsEpochs => {
                let mut next = next.into_iter();
                epochs.retain(|_| next.next() > Some(info.first));
            }
            Flaw::KeepsEpochsAfterDeletion => {
                let known = self.notes.epochs.lock().unwrap()[&id].clone();
                let gone = known.into_iter().filter(|epoch| *epoch < epochs[0].epoch);
                let gone = gone.map(|epoch| EpochStart::new(epoch, Offset::ZERO));
                epochs = gone.collect::<Vec<_>>().into_iter().chain(epochs.clone()).collect();
            }
            _ => {}
        }
        for epoch in &mut epochs {
            epoch.epoch = self.outer(&id, epoch.epoch);
        }
        Box::pin(ready(Ok(epochs)))
    }

    fn release(&self, session: &SessionId, epoch: Epoch) -> LogFuture<()> {
        let id = self.id(session);
        self.notes.released.lock().unwrap().insert(id.clone());
        let epoch = match (self.flaw, self.info_of(&id)) {
            (Flaw::ReleasesNothing, _) => return Box::pin(ready(Ok(()))),
            (Flaw::ReleasesAnyEpoch, Some(info)) => info.epoch,
            (Flaw::CountsEpochsPerSession, _) => self.inner(&id, Epoch(epoch.0.max(1))),
            _ => epoch,
        };
        self.inner.release(&id, epoch)
    }

    fn trim(&self, session: &SessionId, before: Offset) -> LogFuture<()> {
        let id = self.id(session);
        let first = self.info_of(&id).map(|info| info.first);
        if self.flaw == Flaw::RejectsEarlierTrims && first > Some(before) {
            let first = first.unwrap_or_default();
            return Box::pin(ready(Err(LogError::Trimmed { session: id, first })));
        }
        let trimmed = self.inner.trim(&id, before).now_or_never().unwrap();
        match (self.flaw, trimmed) {
            (Flaw::ClampsTrims, Err(LogError::NeededForOpening { snapshot, .. })) => {
                self.inner.trim(&id, snapshot)
            }
            (Flaw::TrimsOneEntryMore, Ok(())) => {
                // fails if the log needs the entry
                drop(self.inner.trim(&id, before.plus(1)));
                Box::pin(ready(Ok(())))
            }
            (_, trimmed) => Box::pin(ready(trimmed)),
        }
    }

    fn delete(&self, session: &SessionId) -> LogFuture<()> {
        let id = self.id(session);
        if self.flaw == Flaw::CountsEpochsPerSession {
            self.notes.epochs.lock().unwrap().remove(&id);
        }
        let deleted = self.inner.delete(&id).now_or_never().unwrap();
        match (self.flaw, &deleted) {
            (Flaw::DeletesByPattern, Ok(())) => {
                let all = SessionFilter { limit: usize::MAX, ..SessionFilter::default() };
                for info in now(self.inner.sessions(all)) {
                    if ids::like(info.id.as_str(), id.as_str()) {
                        drop(self.inner.delete(&info.id));
                    }
                }
            }
            (Flaw::DeletesDescendants, Ok(())) => {
                for info in self.all(&format!("{}:", id.as_str())) {
                    drop(self.inner.delete(&info.id));
                }
            }
            (Flaw::AcceptsDeletionOfMissingSessions, Err(_)) => return Box::pin(ready(Ok(()))),
            (Flaw::FailedDeletionsFence, Err(_)) => {
                drop(self.inner.open(&id, Claim::default()));
            }
            _ => {}
        }
        Box::pin(ready(deleted))
    }
}

/// Describes a missing session as one without entries.
fn empty(id: SessionId) -> SessionInfo {
    SessionInfo::new(id, Epoch::default(), Offset::ZERO..Offset::ZERO)
}
