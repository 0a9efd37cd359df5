//! The definitions of names inside burdock's macros.

use crate::{Report, document::Edit, editor::Editor, error::Error};

const GRAPH: &str = "tests/faults/trip/src/planning.rs";
const ACTIONS: &str = "tests/faults/trip/src/actions/booking.rs";
const STATE: &str = "tests/faults/trip/src/state.rs";

/// A cursor before a name, and the file that defines it. rust-analyzer also shows items of burdock that the expansion
/// names with the span of the name, for errors.
const CASES: [(Edit, &str); 7] = [
    (Edit { file: GRAPH, find: "ask -> search", replace: "ask -> $0search" }, GRAPH),
    (Edit { file: GRAPH, find: "start ask", replace: "start $0ask" }, GRAPH),
    (Edit { file: GRAPH, find: "state.legs", replace: "state.$0legs" }, STATE),
    (Edit { file: GRAPH, find: ": Forget", replace: ": $0Forget" }, ACTIONS),
    (Edit { file: ACTIONS, find: "reads(city", replace: "reads($0city" }, STATE),
    (Edit { file: ACTIONS, find: "writes(booking", replace: "writes($0booking" }, STATE),
    (Edit { file: ACTIONS, find: "trip.city", replace: "trip.$0city" }, ACTIONS),
];

/// Checks that each name leads to its definition.
pub(crate) fn check(editor: &mut Editor, report: &mut Report) -> Result<(), Error> {
    for (edit, file) in CASES {
        let document = editor.edit(edit)?;
        let found = editor.definitions(&document, document.cursors[0])?;
        let problem = found.iter().all(|found| found != file).then(|| format!("found {found:?}"));
        let shown = edit.replace.replace("$0", "▏");
        let problems: Vec<String> = problem.into_iter().collect();
        report.add(&format!("the definition of the name in `{shown}` is in {file}"), &problems);
    }
    Ok(())
}
