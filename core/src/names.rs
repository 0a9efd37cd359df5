//! The names of the kinds of entries and events, as they appear in logs, trace output and clients.
//!
//! An entry, the event of a run and the event of a server have the same name if they describe the same thing.

macro_rules! names {
    ($($constant:ident = $name:literal,)+) => {
        $(
            #[doc = concat!("The name `", $name, "`.")]
            pub const $constant: &str = $name;
        )+
    };
}

// entries; all but the first, the last and the calls are also events that readers receive
names! {
    SESSION_CREATED = "session_created",
    RUN_STARTED = "run_started",
    RUN_RESUMED = "run_resumed",
    STEP_STARTED = "step_started",
    ITEM = "item",
    ITEMS_SUPERSEDED = "items_superseded",
    CALL_RECORDED = "call_recorded",
    CHILD_STARTED = "child_started",
    CHILD_ENDED = "child_ended",
    ATTEMPT_FAILED = "attempt_failed",
    STEP_FAILED = "step_failed",
    STEP_COMMITTED = "step_committed",
    RUN_PAUSED = "run_paused",
    RUN_ENDED = "run_ended",
    RUN_HALTED = "run_halted",
    RUN_STOPPED = "run_stopped",
    RUN_FAILED = "run_failed",
    RUN_CANCELLED = "run_cancelled",
    SESSION_REOPENED = "session_reopened",
    SNAPSHOT = "snapshot",
}

// events of a run without an entry of the same name
names! {
    RUN_FINISHED = "run_finished",
}

// events of a server that are not in a log
names! {
    REWOUND = "rewound",
    ERROR = "error",
}
