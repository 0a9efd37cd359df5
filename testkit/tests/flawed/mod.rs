//! Logs in memory with one flaw each, and stores with flawed crash recovery.

mod ids;
mod log;
mod store;
mod waiting;

pub use self::{log::Flawed, store::Store};

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A flaw of a log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Flaw {
            $($(#[$doc])* $name,)*
        }

        impl Flaw {
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

flaws! {
    /// No flaw.
    None,

    // appends
    DropsTheLastEntry,
    SwapsTwoEntries,
    TruncatesToTenThousandEntries,
    SplitsAppends,
    IgnoresTheOffset,
    RejectsRepetitions,
    ComparesOnlyTheFirstEntry,
    IgnoresTheEpochOfRepetitions,
    AppendsOnPoll,
    AppendsHalfWhenDropped,
    NeverAcknowledgesDelayedAppends,

    // opening
    IgnoresTheEpoch,
    AcknowledgesFencedAppends,
    IgnoresExistence,
    IgnoresTheIdleTime,
    SessionsNeverBecomeIdle,
    IdleTimeCountsFromOpening,
    ReleasesAnyEpoch,
    ReleasesNothing,
    RejectedClaimsFence,
    ClaimsRace,
    OmitsEmptyEpochs,
    CountsEpochsPerSession,
    OpensWithoutTheSnapshot,

    // reading
    StartsReadsOneLate,
    ExceedsTheLimit,
    ReturnsEmptyPages,
    ClampsOffsetsToTheEnd,
    WrapsOffsets,
    NormalizesJson,
    TruncatesLargeEntries,
    ReportsTheFirstSnapshot,
    FindsLaterSnapshots,
    ReportsUpdatedAsCreated,
    ReadsFenceTheWriter,
    TreatsMissingSessionsAsEmpty,

    // waiting
    WakesOneEntryLate,
    WakesAtOnce,
    WakesOnlyFiftyWaiters,
    LeaksWakers,
    KeepsTheFirstWaker,
    WakesWhileLocked,
    KeepsWaitingAfterDeletion,
    WaitsForAnySessionWithTheId,
    OtherHandlesAreNotNotified,

    // cursors
    EpochsStartEarly,
    EpochsStartLate,
    KeepsEpochsAfterDeletion,
    ReportsFirstAsZero,

    // retention
    TrimsOneEntryMore,
    ClampsTrims,
    RejectsEarlierTrims,
    TrimsEpochs,
    SkipsTrimmedEntries,
    DeletesByPattern,
    AcceptsDeletionOfMissingSessions,
    ReportsDeletedSessionsAsDamaged,
    FailedDeletionsFence,

    // ids
    FoldsCase,
    TrimsSpaces,
    TruncatesIds,
    ComposesAccents,
    PrefixIsAPattern,
    PrefixIgnoresCase,
    PrefixEndsInTheBasicPlane,
    ListsInUtf16Order,
    RepeatsTheLastSession,
    ListsAtMostAThousand,

    // graphs
    /// A session keeps the graph that created it.
    KeepsTheFirstGraph,
    LosesTheGraphOnTrim,
    IgnoresTheGraphFilter,
    GraphIsAPattern,
    GraphIgnoresCase,
    ListsInGraphOrder,
    FiltersByGraphAfterTheLimit,

    // children
    ListsChildren,
    FiltersChildrenAfterTheLimit,
    /// Lists nothing that comes after the children.
    StopsAtChildren,
    NeverListsChildren,
    RejectsChildren,
    DeletesDescendants,

    // stores
    ReopensEmpty,
    ReopensUnfenced,
    CrashLosesTheLastEntry,
    CrashLosesEpochs,
    CrashLosesGraphs,
}
