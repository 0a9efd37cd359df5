//! The suite finds flaws: every case fails for a log that does the opposite.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test may panic and say what it found"
)]

mod flawed;

use burdock_testkit::{CASES, Case, Outcome, Subject};
use flawed::{Flaw, Store};
use std::{collections::BTreeSet, sync::Arc, thread, time::Duration};

/// Which cases have to find which flaw; others may, too.
const FOUND_BY: &[(Flaw, &[&str])] = &[
    (Flaw::DropsTheLastEntry, &["an_append_is_there_as_a_whole"]),
    (Flaw::SwapsTwoEntries, &["entries_come_back_in_order_without_gaps"]),
    (Flaw::TakesTenThousandEntries, &["an_append_of_twenty_thousand_entries_is_one_append"]),
    (Flaw::SplitsAppends, &["readers_see_prefixes_while_a_writer_writes"]),
    (
        Flaw::IgnoresTheOffset,
        &["an_append_at_another_offset_is_misplaced", "appends_behind_a_failed_one_fail"],
    ),
    (Flaw::ForgetsRepetitions, &["a_repeated_append_is_recognised"]),
    (Flaw::RecognisesByTheFirstEntry, &["a_repetition_with_other_entries_is_misplaced"]),
    (Flaw::RecognisesWhatOthersWrote, &["what_an_earlier_epoch_wrote_is_no_repetition"]),
    (Flaw::AppendsWhenAwaited, &["pipelined_appends_keep_their_order"]),
    (Flaw::AppendsHalfWhenDropped, &["a_dropped_append_is_whole_or_absent"]),
    (
        Flaw::HoldsBackWhatIsNotUrgent,
        &[
            "what_nobody_waits_for_is_there_before_what_somebody_waits_for",
            "an_append_within_a_time_becomes_durable_by_itself",
        ],
    ),
    (
        Flaw::IgnoresTheEpoch,
        &[
            "the_last_opener_wins",
            "a_fenced_writer_never_lands",
            "pipelined_appends_of_a_fenced_writer_all_fail",
        ],
    ),
    (
        Flaw::AcknowledgesTheFenced,
        &["concurrent_openers_lose_and_double_nothing", "the_last_opener_wins"],
    ),
    (
        Flaw::IgnoresExistence,
        &["a_claim_of_an_existing_session_insists", "a_claim_of_a_new_session_insists"],
    ),
    (Flaw::IgnoresTheLease, &["a_busy_session_is_refused_until_it_is_released"]),
    (Flaw::LeasesNeverEnd, &["a_session_is_idle_once_the_lease_is_over"]),
    (Flaw::LeasesCountFromTheOpening, &["an_append_keeps_a_session_busy"]),
    (Flaw::ReleasesAnyEpoch, &["a_busy_session_is_refused_until_it_is_released"]),
    (Flaw::ReleasesNothing, &["a_busy_session_is_refused_until_it_is_released"]),
    (Flaw::RefusedClaimsFence, &["a_refused_claim_changes_nothing"]),
    (Flaw::ClaimsRace, &["of_racing_claims_for_an_idle_session_one_wins"]),
    (
        Flaw::ListsOnlyEpochsThatWrote,
        &["every_epoch_is_listed_with_its_start", "a_consumer_of_whom_nothing_is_left_is_rewound"],
    ),
    (
        Flaw::CountsEpochsPerSession,
        &["epochs_count_up_over_all_sessions", "a_deleted_session_can_be_made_again"],
    ),
    (Flaw::OpensWithoutTheSnapshot, &["opening_tells_where_the_session_is"]),
    (
        Flaw::ReadsOneFurther,
        &[
            "a_slow_tail_misses_nothing",
            "a_tail_goes_on_over_a_takeover",
            "a_consumer_goes_on_behind_its_cursor",
            "a_tail_misses_nothing_while_a_writer_writes",
        ],
    ),
    (Flaw::ReadsOneMore, &["a_read_returns_at_most_its_limit_and_always_something"]),
    (Flaw::ReadsEmptyPages, &["a_read_returns_at_most_its_limit_and_always_something"]),
    (Flaw::ReadsAlsoBehindTheEnd, &["a_tail_from_behind_the_end_skips_what_is_before"]),
    (Flaw::WrapsNumbers, &["places_that_nobody_reached_are_no_trouble"]),
    (Flaw::ParsesJson, &["json_comes_back_byte_by_byte"]),
    (Flaw::CutsBigEntries, &["big_entries_come_back_byte_by_byte"]),
    (Flaw::KnowsTheFirstSnapshot, &["the_last_snapshot_is_known"]),
    (Flaw::FindsSnapshotsBehind, &["a_snapshot_before_an_entry_is_known"]),
    (Flaw::WasCreatedAtTheLastEntry, &["info_tells_what_was_written"]),
    (Flaw::ReadingClaims, &["reading_claims_nothing"]),
    (
        Flaw::NoSessionIsAnEmptyOne,
        &["a_session_begins_with_its_first_entry", "a_tail_of_no_session_ends"],
    ),
    (
        Flaw::ReachesTooLate,
        &["a_tail_reads_what_is_there_and_then_what_comes", "a_tail_from_the_end_waits"],
    ),
    (Flaw::ReachesAtOnce, &["a_waiting_tail_does_not_spin"]),
    (Flaw::WaitsForFifty, &["many_tails_see_the_same"]),
    (Flaw::KeepsWakers, &["an_abandoned_tail_leaves_nothing_behind"]),
    (Flaw::KeepsTheFirstWaker, &["a_tail_is_woken_by_its_last_waker"]),
    (Flaw::WakesUnderALock, &["a_waker_may_call_the_log"]),
    (Flaw::WaitsForTheDeleted, &["a_tail_of_a_deleted_session_ends"]),
    (Flaw::WaitsForAnyOfTheId, &["who_waits_for_a_session_is_not_told_of_a_later_one"]),
    (Flaw::HandlesTellNothing, &["a_tail_on_another_handle_sees_what_comes"]),
    (Flaw::EpochsBeginEarly, &["a_consumer_of_an_earlier_epoch_goes_on"]),
    (
        Flaw::EpochsBeginLate,
        &[
            "a_consumer_beyond_the_durable_end_is_rewound",
            "a_consumer_that_waits_for_what_was_lost_is_rewound",
        ],
    ),
    (
        Flaw::KeepsEpochsOfTheDeleted,
        &[
            "a_tail_does_not_go_on_in_another_session_of_its_id",
            "a_slow_tail_ends_when_its_session_was_made_again",
            "a_slow_consumer_ends_when_its_session_was_made_again",
            "a_cursor_that_the_session_never_had_is_refused",
        ],
    ),
    (
        Flaw::TrimsOnlyTheEntries,
        &["a_new_consumer_begins_at_what_is_left", "a_consumer_that_lacks_trimmed_entries_is_told"],
    ),
    (Flaw::TrimsOneMore, &["a_trim_removes_what_is_before"]),
    (Flaw::TrimsWhatOpeningNeeds, &["a_trim_keeps_what_opening_needs"]),
    (Flaw::TrimsOnlyForward, &["a_trim_twice_is_no_trouble"]),
    (Flaw::TrimsEpochs, &["a_trim_removes_what_is_before"]),
    (Flaw::ReadsWhatIsLeft, &["a_tail_that_was_overtaken_by_a_trim_says_so"]),
    (Flaw::DeletesByPattern, &["deleting_touches_no_other_session"]),
    (Flaw::CallsTheDeletedDamaged, &["reads_beside_deletions_find_one_session_or_none"]),
    (Flaw::DeletesNothing, &["a_deleted_session_is_gone"]),
    (Flaw::DeletesTheWriterOfAnEmptyOne, &["what_does_not_exist_cannot_be_deleted"]),
    (Flaw::FoldsCase, &["odd_ids_are_kept_apart"]),
    (Flaw::TrimsSpaces, &["odd_ids_are_kept_apart"]),
    (Flaw::CutsIds, &["odd_ids_are_kept_apart"]),
    (Flaw::ComposesAccents, &["odd_ids_are_kept_apart"]),
    (Flaw::PrefixIsAPattern, &["a_prefix_is_no_pattern"]),
    (Flaw::PrefixIgnoresCase, &["a_prefix_is_no_pattern"]),
    (Flaw::PrefixEndsInTheBasicPlane, &["a_prefix_ends_anywhere"]),
    (Flaw::ListsInUtf16, &["sessions_are_listed_by_their_bytes"]),
    (Flaw::ListsTheLastAgain, &["pages_have_no_gaps_and_no_repeats"]),
    (Flaw::KeepsTheFirstGraph, &["a_session_belongs_to_the_graph_of_its_last_snapshot"]),
    (Flaw::ForgetsTheGraphWithItsEntry, &["a_session_belongs_to_the_graph_of_its_last_snapshot"]),
    (Flaw::ListsEveryGraph, &["sessions_are_listed_by_their_graphs"]),
    (Flaw::GraphIsAPattern, &["sessions_are_listed_by_their_graphs"]),
    (Flaw::GraphIgnoresCase, &["sessions_are_listed_by_their_graphs"]),
    (Flaw::ListsGraphByGraph, &["sessions_are_listed_by_their_graphs"]),
    (Flaw::ListsAPageOfAllGraphs, &["sessions_are_listed_by_their_graphs"]),
    (Flaw::ListsAThousand, &["ten_thousand_sessions_are_listed"]),
    (Flaw::ReopensEmpty, &["what_was_acknowledged_is_there_on_another_handle"]),
    (Flaw::ReopensUnfenced, &["handles_fence_each_other_off"]),
    (
        Flaw::CrashLosesTheLastEntry,
        &[
            "what_was_acknowledged_survives_a_crash",
            "an_append_under_way_at_a_crash_is_whole_or_absent",
            "what_nobody_waited_for_survives_with_what_came_after",
        ],
    ),
    (Flaw::CrashForgetsGraphs, &["what_was_acknowledged_survives_a_crash"]),
    (Flaw::CrashForgetsEpochs, &["epochs_are_not_used_again_after_a_crash"]),
];

/// Flaws that show by something that does not come.
const HANG: &[Flaw] = &[
    Flaw::HoldsBackWhatIsNotUrgent,
    Flaw::NoSessionIsAnEmptyOne,
    Flaw::ReachesTooLate,
    Flaw::WaitsForFifty,
    Flaw::KeepsWakers,
    Flaw::KeepsTheFirstWaker,
    Flaw::WakesUnderALock,
    Flaw::WaitsForTheDeleted,
    Flaw::WaitsForAnyOfTheId,
    Flaw::HandlesTellNothing,
    Flaw::ReadsOneFurther,
    Flaw::KeepsEpochsOfTheDeleted,
];

fn store(flaw: Flaw) -> Arc<dyn Subject> {
    let patience =
        if HANG.contains(&flaw) { Duration::from_secs(1) } else { Duration::from_mins(1) };
    Arc::new(Store::new(flaw, patience))
}

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case `{name}`"))
}

// without a flaw, the same log passes, also with reopening and crashes
burdock_testkit::conformance!(Store::new(Flaw::None, Duration::from_mins(1)));

/// A flaw in waiting shows when a case waits before the log moves, which a busy machine may prevent
/// now and then; so a flaw has a few chances to show.
fn find(flaw: Flaw, case: &Case) -> Outcome {
    let mut outcomes = (0..5).map(|_| case.run(&store(flaw)));
    let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
    outcomes.find(failed).unwrap_or(Outcome::Passed)
}

#[test]
fn every_flaw_is_found() {
    let found: Vec<_> = FOUND_BY
        .iter()
        .flat_map(|(flaw, cases)| cases.iter().map(move |name| (*flaw, *name)))
        .map(|(flaw, name)| thread::spawn(move || (flaw, name, find(flaw, case(name)))))
        .collect();
    let mut missed = Vec::new();
    for found in found {
        match found.join().unwrap() {
            (flaw, name, Outcome::Failed(fault)) => println!("{flaw:?}: {name}: {fault}"),
            (flaw, name, outcome) => missed.push((flaw, name, outcome)),
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_flaw_has_a_case_and_every_case_a_flaw() {
    let flaws = FOUND_BY.iter().map(|(flaw, _)| *flaw);
    let without: Vec<_> =
        Flaw::ALL[1..].iter().filter(|flaw| !flaws.clone().any(|f| f == **flaw)).collect();
    assert!(without.is_empty(), "flaws without a case: {without:?}");
    let finding: BTreeSet<_> = FOUND_BY.iter().flat_map(|(_, cases)| *cases).collect();
    let idle: Vec<_> =
        CASES.iter().map(|case| case.name).filter(|name| !finding.contains(name)).collect();
    assert!(idle.is_empty(), "cases that find nothing: {idle:?}");
}
