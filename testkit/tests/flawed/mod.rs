//! Logs in memory with one flaw each, and stores that survive a crash more or less.

mod ids;
mod log;
mod store;
mod waiting;

pub use self::{log::Flawed, store::Store};

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What is wrong with a log.
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
    /// Nothing.
    None,

    // appends
    DropsTheLastEntry,
    SwapsTwoEntries,
    TakesTenThousandEntries,
    SplitsAppends,
    IgnoresTheOffset,
    ForgetsRepetitions,
    RecognisesByTheFirstEntry,
    RecognisesWhatOthersWrote,
    AppendsWhenAwaited,
    AppendsHalfWhenDropped,
    HoldsBackWhatIsNotUrgent,

    // opening
    IgnoresTheEpoch,
    AcknowledgesTheFenced,
    IgnoresExistence,
    IgnoresTheLease,
    LeasesNeverEnd,
    LeasesCountFromTheOpening,
    ReleasesAnyEpoch,
    ReleasesNothing,
    RefusedClaimsFence,
    ClaimsRace,
    ListsOnlyEpochsThatWrote,
    CountsEpochsPerSession,
    OpensWithoutTheSnapshot,

    // reading
    ReadsOneFurther,
    ReadsOneMore,
    ReadsEmptyPages,
    ReadsAlsoBehindTheEnd,
    WrapsNumbers,
    ParsesJson,
    CutsBigEntries,
    KnowsTheFirstSnapshot,
    FindsSnapshotsBehind,
    WasCreatedAtTheLastEntry,
    ReadingClaims,
    NoSessionIsAnEmptyOne,

    // waiting
    ReachesTooLate,
    ReachesAtOnce,
    WaitsForFifty,
    KeepsWakers,
    KeepsTheFirstWaker,
    WakesUnderALock,
    WaitsForTheDeleted,
    WaitsForAnyOfTheId,
    HandlesTellNothing,

    // cursors
    EpochsBeginEarly,
    EpochsBeginLate,
    KeepsEpochsOfTheDeleted,
    TrimsOnlyTheEntries,

    // retention
    TrimsOneMore,
    TrimsWhatOpeningNeeds,
    TrimsOnlyForward,
    TrimsEpochs,
    ReadsWhatIsLeft,
    DeletesByPattern,
    DeletesNothing,
    CallsTheDeletedDamaged,
    DeletesTheWriterOfAnEmptyOne,

    // ids
    FoldsCase,
    TrimsSpaces,
    CutsIds,
    ComposesAccents,
    PrefixIsAPattern,
    PrefixIgnoresCase,
    PrefixEndsInTheBasicPlane,
    ListsInUtf16,
    ListsTheLastAgain,
    ListsAThousand,

    // graphs
    /// A session stays with the graph that made it.
    KeepsTheFirstGraph,
    ForgetsTheGraphWithItsEntry,
    ListsEveryGraph,
    GraphIsAPattern,
    GraphIgnoresCase,
    ListsGraphByGraph,
    ListsAPageOfAllGraphs,

    // stores
    ReopensEmpty,
    ReopensUnfenced,
    CrashLosesTheLastEntry,
    CrashForgetsEpochs,
    CrashForgetsGraphs,
}
