//! Tests of the suite itself: every case fails for a log that violates its requirement.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test may panic and print"
)]

mod flawed;

use burdock_testkit::{CASES, Case, Outcome, Subject};
use flawed::{Flaw, Store};
use std::{collections::BTreeSet, sync::Arc, thread, time::Duration};

/// The cases that must detect each flaw. Other cases may detect it, too.
const DETECTED_BY: &[(Flaw, &[&str])] = &[
    (Flaw::DropsTheLastEntry, &["appends_are_atomic"]),
    (Flaw::SwapsTwoEntries, &["entries_are_read_in_order_without_gaps"]),
    (Flaw::TruncatesToTenThousandEntries, &["twenty_thousand_entries_fit_in_one_append"]),
    (Flaw::SplitsAppends, &["concurrent_readers_see_prefixes"]),
    (
        Flaw::IgnoresTheOffset,
        &["append_at_another_offset_is_misplaced", "appends_after_a_failed_one_fail"],
    ),
    (Flaw::RejectsRepetitions, &["repeated_append_is_idempotent"]),
    (Flaw::ComparesOnlyTheFirstEntry, &["repeated_append_with_other_entries_is_misplaced"]),
    (Flaw::IgnoresTheEpochOfRepetitions, &["entries_of_an_earlier_epoch_are_not_a_repetition"]),
    (Flaw::AppendsOnPoll, &["pipelined_appends_keep_their_order"]),
    (Flaw::AppendsHalfWhenDropped, &["dropped_append_is_stored_whole_or_not_at_all"]),
    (
        Flaw::NeverAcknowledgesDelayedAppends,
        &[
            "delayed_appends_are_stored_before_a_later_urgent_append",
            "delayed_append_becomes_durable_without_other_appends",
        ],
    ),
    (
        Flaw::IgnoresTheEpoch,
        &[
            "last_opener_is_the_writer",
            "fenced_writer_cannot_append",
            "pipelined_appends_of_a_fenced_writer_fail",
        ],
    ),
    (
        Flaw::AcknowledgesFencedAppends,
        &["concurrent_openers_neither_lose_nor_duplicate_entries", "last_opener_is_the_writer"],
    ),
    (
        Flaw::IgnoresExistence,
        &[
            "claim_of_an_existing_session_fails_if_missing",
            "claim_of_a_new_session_fails_if_it_exists",
        ],
    ),
    (Flaw::IgnoresTheIdleTime, &["busy_session_cannot_be_claimed_until_released"]),
    (Flaw::SessionsNeverBecomeIdle, &["session_is_idle_after_the_idle_time"]),
    (Flaw::IdleTimeCountsFromOpening, &["append_keeps_a_session_busy"]),
    (Flaw::ReleasesAnyEpoch, &["busy_session_cannot_be_claimed_until_released"]),
    (Flaw::ReleasesNothing, &["busy_session_cannot_be_claimed_until_released"]),
    (Flaw::RejectedClaimsFence, &["rejected_claim_changes_nothing"]),
    (Flaw::ClaimsRace, &["one_of_several_racing_claims_succeeds"]),
    (
        Flaw::OmitsEmptyEpochs,
        &[
            "every_epoch_is_listed_with_its_start",
            "consumer_of_an_epoch_without_entries_is_rewound",
        ],
    ),
    (
        Flaw::CountsEpochsPerSession,
        &["epochs_increase_across_sessions", "deleted_session_can_be_recreated"],
    ),
    (Flaw::OpensWithoutTheSnapshot, &["open_returns_the_next_offset_and_the_last_snapshot"]),
    (
        Flaw::StartsReadsOneLate,
        &[
            "slow_tail_misses_nothing",
            "tail_continues_after_a_takeover",
            "consumer_resumes_after_its_cursor",
            "tail_concurrent_with_a_writer_misses_nothing",
        ],
    ),
    (Flaw::ExceedsTheLimit, &["read_returns_between_one_and_limit_entries"]),
    (Flaw::ReturnsEmptyPages, &["read_returns_between_one_and_limit_entries"]),
    (Flaw::ClampsOffsetsToTheEnd, &["tail_from_beyond_the_end_skips_earlier_entries"]),
    (Flaw::WrapsOffsets, &["offsets_beyond_the_end_are_handled"]),
    (Flaw::NormalizesJson, &["json_is_read_unchanged"]),
    (Flaw::TruncatesLargeEntries, &["large_entries_are_read_unchanged"]),
    (Flaw::ReportsTheFirstSnapshot, &["last_snapshot_is_reported"]),
    (Flaw::FindsLaterSnapshots, &["snapshot_before_an_entry_is_found"]),
    (Flaw::ReportsUpdatedAsCreated, &["info_describes_the_session"]),
    (Flaw::ReadsFenceTheWriter, &["reading_does_not_fence_the_writer"]),
    (
        Flaw::TreatsMissingSessionsAsEmpty,
        &["session_exists_after_its_first_entry", "tail_of_a_missing_session_ends"],
    ),
    (
        Flaw::WakesOneEntryLate,
        &["tail_returns_stored_entries_and_then_new_ones", "tail_from_the_end_waits"],
    ),
    (Flaw::WakesAtOnce, &["waiting_tail_does_not_spin"]),
    (Flaw::WakesOnlyFiftyWaiters, &["many_tails_return_the_same_entries"]),
    (Flaw::LeaksWakers, &["dropped_tail_releases_its_waker"]),
    (Flaw::KeepsTheFirstWaker, &["tail_wakes_its_latest_waker"]),
    (Flaw::WakesWhileLocked, &["waker_can_call_the_log"]),
    (Flaw::KeepsWaitingAfterDeletion, &["tail_ends_when_its_session_is_deleted"]),
    (Flaw::WaitsForAnySessionWithTheId, &["waiting_tail_ends_when_its_session_was_recreated"]),
    (Flaw::OtherHandlesAreNotNotified, &["tail_on_another_handle_returns_new_entries"]),
    (Flaw::EpochsStartEarly, &["consumer_of_an_earlier_epoch_resumes"]),
    (
        Flaw::EpochsStartLate,
        &[
            "consumer_beyond_the_durable_end_is_rewound",
            "consumer_waiting_for_lost_entries_is_rewound",
        ],
    ),
    (
        Flaw::KeepsEpochsAfterDeletion,
        &[
            "tail_does_not_continue_in_a_recreated_session",
            "slow_tail_ends_when_its_session_was_recreated",
            "slow_consumer_ends_when_its_session_was_recreated",
            "unknown_cursors_are_rejected",
        ],
    ),
    (
        Flaw::ReportsFirstAsZero,
        &[
            "new_consumer_starts_at_the_first_remaining_entry",
            "consumer_that_lacks_trimmed_entries_fails",
        ],
    ),
    (Flaw::TrimsOneEntryMore, &["trim_removes_earlier_entries"]),
    (Flaw::ClampsTrims, &["trim_keeps_the_last_snapshot"]),
    (Flaw::RejectsEarlierTrims, &["trim_is_idempotent"]),
    (Flaw::TrimsEpochs, &["trim_removes_earlier_entries"]),
    (Flaw::SkipsTrimmedEntries, &["slow_tail_reports_trimmed_entries"]),
    (Flaw::DeletesByPattern, &["deletion_does_not_affect_other_sessions"]),
    (
        Flaw::ReportsDeletedSessionsAsDamaged,
        &["reads_concurrent_with_deletions_see_one_session_or_none"],
    ),
    (Flaw::AcceptsDeletionOfMissingSessions, &["deleted_session_does_not_exist"]),
    (Flaw::FailedDeletionsFence, &["missing_session_cannot_be_deleted"]),
    (Flaw::FoldsCase, &["unusual_ids_are_distinct"]),
    (Flaw::TrimsSpaces, &["unusual_ids_are_distinct"]),
    (Flaw::TruncatesIds, &["unusual_ids_are_distinct"]),
    (Flaw::ComposesAccents, &["unusual_ids_are_distinct"]),
    (Flaw::PrefixIsAPattern, &["prefix_is_not_a_pattern"]),
    (Flaw::PrefixIgnoresCase, &["prefix_is_not_a_pattern"]),
    (Flaw::PrefixEndsInTheBasicPlane, &["prefix_can_end_in_any_character"]),
    (Flaw::ListsInUtf16Order, &["sessions_are_listed_in_byte_order"]),
    (Flaw::RepeatsTheLastSession, &["pages_have_no_gaps_or_duplicates"]),
    (Flaw::KeepsTheFirstGraph, &["session_belongs_to_the_graph_of_its_last_snapshot"]),
    (Flaw::LosesTheGraphOnTrim, &["session_belongs_to_the_graph_of_its_last_snapshot"]),
    (Flaw::IgnoresTheGraphFilter, &["sessions_are_filtered_by_graph"]),
    (Flaw::GraphIsAPattern, &["sessions_are_filtered_by_graph"]),
    (Flaw::GraphIgnoresCase, &["sessions_are_filtered_by_graph"]),
    (Flaw::ListsInGraphOrder, &["sessions_are_filtered_by_graph"]),
    (Flaw::FiltersByGraphAfterTheLimit, &["sessions_are_filtered_by_graph"]),
    (Flaw::ListsAtMostAThousand, &["ten_thousand_sessions_are_listed"]),
    (Flaw::ListsChildren, &["children_are_listed_only_with_their_prefix"]),
    (Flaw::FiltersChildrenAfterTheLimit, &["children_are_listed_only_with_their_prefix"]),
    (Flaw::StopsAtChildren, &["children_are_listed_only_with_their_prefix"]),
    (Flaw::NeverListsChildren, &["children_are_listed_only_with_their_prefix"]),
    (Flaw::RejectsChildren, &["children_can_be_used_like_other_sessions"]),
    (Flaw::DeletesDescendants, &["children_can_be_used_like_other_sessions"]),
    (Flaw::ReopensEmpty, &["acknowledged_entries_are_visible_on_another_handle"]),
    (Flaw::ReopensUnfenced, &["opening_on_one_handle_fences_other_handles"]),
    (
        Flaw::CrashLosesTheLastEntry,
        &[
            "acknowledged_entries_survive_a_crash",
            "append_in_progress_at_a_crash_is_stored_whole_or_not_at_all",
            "delayed_appends_survive_with_a_later_acknowledged_append",
        ],
    ),
    (Flaw::CrashLosesGraphs, &["acknowledged_entries_survive_a_crash"]),
    (Flaw::CrashLosesEpochs, &["epochs_are_not_reused_after_a_crash"]),
];

/// Flaws that are detected by a timeout.
const HANGING: &[Flaw] = &[
    Flaw::NeverAcknowledgesDelayedAppends,
    Flaw::TreatsMissingSessionsAsEmpty,
    Flaw::WakesOneEntryLate,
    Flaw::WakesOnlyFiftyWaiters,
    Flaw::LeaksWakers,
    Flaw::KeepsTheFirstWaker,
    Flaw::WakesWhileLocked,
    Flaw::KeepsWaitingAfterDeletion,
    Flaw::WaitsForAnySessionWithTheId,
    Flaw::OtherHandlesAreNotNotified,
    Flaw::StartsReadsOneLate,
    Flaw::KeepsEpochsAfterDeletion,
];

fn store(flaw: Flaw) -> Arc<dyn Subject> {
    let case_timeout =
        if HANGING.contains(&flaw) { Duration::from_secs(1) } else { Duration::from_mins(1) };
    Arc::new(Store::new(flaw, case_timeout))
}

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("unknown case `{name}`"))
}

// without a flaw, the log passes, including reopening and crashes
burdock_testkit::conformance!(Store::new(Flaw::None, Duration::from_mins(1)));

/// Runs a case with a flaw, a few times if necessary: some flaws only show if the case waits before the
/// log changes, which may not happen on a machine under load.
fn detect(flaw: Flaw, case: &Case) -> Outcome {
    let mut outcomes = (0..5).map(|_| case.run(&store(flaw)));
    let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
    outcomes.find(failed).unwrap_or(Outcome::Passed)
}

#[test]
fn every_flaw_is_detected() {
    let runs: Vec<_> = DETECTED_BY
        .iter()
        .flat_map(|(flaw, cases)| cases.iter().map(move |name| (*flaw, *name)))
        .map(|(flaw, name)| thread::spawn(move || (flaw, name, detect(flaw, case(name)))))
        .collect();
    let mut missed = Vec::new();
    for run in runs {
        match run.join().unwrap() {
            (flaw, name, Outcome::Failed(failure)) => println!("{flaw:?}: {name}: {failure}"),
            (flaw, name, outcome) => missed.push((flaw, name, outcome)),
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_flaw_has_a_case_and_every_case_has_a_flaw() {
    let flaws = DETECTED_BY.iter().map(|(flaw, _)| *flaw);
    let without: Vec<_> =
        Flaw::ALL[1..].iter().filter(|flaw| !flaws.clone().any(|f| f == **flaw)).collect();
    assert!(without.is_empty(), "flaws without a case: {without:?}");
    let detecting: BTreeSet<_> = DETECTED_BY.iter().flat_map(|(_, cases)| *cases).collect();
    let idle: Vec<_> =
        CASES.iter().map(|case| case.name).filter(|name| !detecting.contains(name)).collect();
    assert!(idle.is_empty(), "cases without a flaw: {idle:?}");
}
