//! The cases, by section.
//!
//! [`__cases!`](crate::__cases) lists them. The compiler reports a case that is not listed as dead code.

pub(crate) mod appending;
pub(crate) mod children;
pub(crate) mod durability;
pub(crate) mod following;
pub(crate) mod listing;
pub(crate) mod opening;
pub(crate) mod reading;
pub(crate) mod retention;
pub(crate) mod tails;

#[doc(hidden)]
#[macro_export]
macro_rules! __cases {
    ([$($then:tt)*] $with:tt) => {
        $($then)*! { $with
            appending {
                entries_are_read_in_order_without_gaps
                appends_are_atomic
                twenty_thousand_entries_fit_in_one_append
                append_at_another_offset_is_misplaced
                repeated_append_is_idempotent
                repeated_append_with_other_entries_is_misplaced
                entries_of_an_earlier_epoch_are_not_a_repetition
                pipelined_appends_keep_their_order
                appends_after_a_failed_one_fail
                dropped_append_is_stored_whole_or_not_at_all
                delayed_appends_are_stored_before_a_later_urgent_append
                delayed_append_becomes_durable_without_other_appends
            }
            opening {
                session_exists_after_its_first_entry
                open_returns_the_next_offset_and_the_last_snapshot
                last_opener_is_the_writer
                fenced_writer_cannot_append
                pipelined_appends_of_a_fenced_writer_fail
                claim_of_an_existing_session_fails_if_missing
                claim_of_a_new_session_fails_if_it_exists
                busy_session_cannot_be_claimed_until_released
                session_is_idle_after_the_idle_time
                append_keeps_a_session_busy
                rejected_claim_changes_nothing
                one_of_several_racing_claims_succeeds
                every_epoch_is_listed_with_its_start
                epochs_increase_across_sessions
                concurrent_openers_neither_lose_nor_duplicate_entries
                opening_on_one_handle_fences_other_handles
            }
            reading {
                read_returns_between_one_and_limit_entries
                offsets_beyond_the_end_are_handled
                json_is_read_unchanged
                large_entries_are_read_unchanged
                info_describes_the_session
                last_snapshot_is_reported
                snapshot_before_an_entry_is_found
                reading_does_not_fence_the_writer
                concurrent_readers_see_prefixes
            }
            tails {
                tail_returns_stored_entries_and_then_new_ones
                tail_from_the_end_waits
                tail_from_beyond_the_end_skips_earlier_entries
                tail_concurrent_with_a_writer_misses_nothing
                slow_tail_misses_nothing
                tail_continues_after_a_takeover
                many_tails_return_the_same_entries
                dropped_tail_releases_its_waker
                waiting_tail_does_not_spin
                tail_wakes_its_latest_waker
                waker_can_call_the_log
                tail_ends_when_its_session_is_deleted
                tail_does_not_continue_in_a_recreated_session
                slow_tail_ends_when_its_session_was_recreated
                waiting_tail_ends_when_its_session_was_recreated
                tail_of_a_missing_session_ends
                slow_tail_reports_trimmed_entries
            }
            following {
                consumer_resumes_after_its_cursor
                consumer_of_an_earlier_epoch_resumes
                consumer_beyond_the_durable_end_is_rewound
                consumer_of_an_epoch_without_entries_is_rewound
                consumer_waiting_for_lost_entries_is_rewound
                unknown_cursors_are_rejected
                slow_consumer_ends_when_its_session_was_recreated
                new_consumer_starts_at_the_first_remaining_entry
                consumer_that_lacks_trimmed_entries_fails
            }
            retention {
                trim_removes_earlier_entries
                trim_keeps_the_last_snapshot
                trim_is_idempotent
                deleted_session_does_not_exist
                deleted_session_can_be_recreated
                reads_concurrent_with_deletions_see_one_session_or_none
                deletion_does_not_affect_other_sessions
                missing_session_cannot_be_deleted
            }
            listing {
                unusual_ids_are_distinct
                prefix_is_not_a_pattern
                prefix_can_end_in_any_character
                sessions_are_listed_in_byte_order
                pages_have_no_gaps_or_duplicates
                session_belongs_to_the_graph_of_its_last_snapshot
                sessions_are_filtered_by_graph
                ten_thousand_sessions_are_listed
            }
            children {
                children_are_listed_only_with_their_prefix
                children_can_be_used_like_other_sessions
            }
            durability {
                acknowledged_entries_are_visible_on_another_handle
                tail_on_another_handle_returns_new_entries
                acknowledged_entries_survive_a_crash
                append_in_progress_at_a_crash_is_stored_whole_or_not_at_all
                delayed_appends_survive_with_a_later_acknowledged_append
                epochs_are_not_reused_after_a_crash
            }
        }
    };
}
