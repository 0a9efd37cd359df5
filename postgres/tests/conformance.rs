//! Conformance tests of the PostgreSQL log.

use burdock_subjects::postgres::Postgres;
use burdock_testkit::{CASES, Outcome, Subject};
use std::sync::Arc;

burdock_testkit::conformance!(Postgres::shared());

/// Uses a separate server, because a crash closes the connections of all tests.
#[test]
fn durability_cases_pass_with_server_crashes() {
    let subject: Arc<dyn Subject> = Arc::new(Postgres::alone());
    let durability: Vec<_> = CASES.iter().filter(|case| case.group == "durability").collect();
    assert!(!durability.is_empty());
    for case in durability {
        let outcome = case.run(&subject);
        assert!(matches!(outcome, Outcome::Passed), "{}: {outcome:?}", case.description());
    }
}
