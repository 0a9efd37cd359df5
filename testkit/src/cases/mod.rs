//! The cases, by what they are about.
//!
//! [`__cases!`](crate::__cases) lists them; one that is missing there is dead code, which the
//! compiler tells.

pub(crate) mod appending;
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
                entries_come_back_in_order_without_gaps
                an_append_is_there_as_a_whole
                an_append_of_twenty_thousand_entries_is_one_append
                an_append_at_another_offset_is_misplaced
                a_repeated_append_is_recognised
                a_repetition_with_other_entries_is_misplaced
                what_an_earlier_epoch_wrote_is_no_repetition
                pipelined_appends_keep_their_order
                appends_behind_a_failed_one_fail
                a_dropped_append_is_whole_or_absent
                what_nobody_waits_for_is_there_before_what_somebody_waits_for
                an_append_within_a_time_becomes_durable_by_itself
            }
            opening {
                a_session_begins_with_its_first_entry
                opening_tells_where_the_session_is
                the_last_opener_wins
                a_fenced_writer_never_lands
                pipelined_appends_of_a_fenced_writer_all_fail
                a_claim_of_an_existing_session_insists
                a_claim_of_a_new_session_insists
                a_busy_session_is_refused_until_it_is_released
                a_session_is_idle_once_the_lease_is_over
                an_append_keeps_a_session_busy
                a_refused_claim_changes_nothing
                of_racing_claims_for_an_idle_session_one_wins
                every_epoch_is_listed_with_its_start
                epochs_count_up_over_all_sessions
                concurrent_openers_lose_and_double_nothing
                handles_fence_each_other_off
            }
            reading {
                a_read_returns_at_most_its_limit_and_always_something
                places_that_nobody_reached_are_no_trouble
                json_comes_back_byte_by_byte
                big_entries_come_back_byte_by_byte
                info_tells_what_was_written
                the_last_snapshot_is_known
                a_snapshot_before_an_entry_is_known
                reading_claims_nothing
                readers_see_prefixes_while_a_writer_writes
            }
            tails {
                a_tail_reads_what_is_there_and_then_what_comes
                a_tail_from_the_end_waits
                a_tail_from_behind_the_end_skips_what_is_before
                a_tail_misses_nothing_while_a_writer_writes
                a_slow_tail_misses_nothing
                a_tail_goes_on_over_a_takeover
                many_tails_see_the_same
                an_abandoned_tail_leaves_nothing_behind
                a_waiting_tail_does_not_spin
                a_tail_is_woken_by_its_last_waker
                a_waker_may_call_the_log
                a_tail_of_a_deleted_session_ends
                a_tail_does_not_go_on_in_another_session_of_its_id
                a_slow_tail_ends_when_its_session_was_made_again
                who_waits_for_a_session_is_not_told_of_a_later_one
                a_tail_of_no_session_ends
                a_tail_that_was_overtaken_by_a_trim_says_so
            }
            following {
                a_consumer_goes_on_behind_its_cursor
                a_consumer_of_an_earlier_epoch_goes_on
                a_consumer_beyond_the_durable_end_is_rewound
                a_consumer_of_whom_nothing_is_left_is_rewound
                a_consumer_that_waits_for_what_was_lost_is_rewound
                a_cursor_that_the_session_never_had_is_refused
                a_slow_consumer_ends_when_its_session_was_made_again
                a_new_consumer_begins_at_what_is_left
                a_consumer_that_lacks_trimmed_entries_is_told
            }
            retention {
                a_trim_removes_what_is_before
                a_trim_keeps_what_opening_needs
                a_trim_twice_is_no_trouble
                a_deleted_session_is_gone
                a_deleted_session_can_be_made_again
                reads_beside_deletions_find_one_session_or_none
                deleting_touches_no_other_session
                what_does_not_exist_cannot_be_deleted
            }
            listing {
                odd_ids_are_kept_apart
                a_prefix_is_no_pattern
                a_prefix_ends_anywhere
                sessions_are_listed_by_their_bytes
                pages_have_no_gaps_and_no_repeats
                a_session_belongs_to_the_graph_of_its_last_snapshot
                sessions_are_listed_by_their_graphs
                ten_thousand_sessions_are_listed
            }
            durability {
                what_was_acknowledged_is_there_on_another_handle
                a_tail_on_another_handle_sees_what_comes
                what_was_acknowledged_survives_a_crash
                an_append_under_way_at_a_crash_is_whole_or_absent
                what_nobody_waited_for_survives_with_what_came_after
                epochs_are_not_used_again_after_a_crash
            }
        }
    };
}
