//! The items of a graph and of actions while they are half typed.

use crate::{
    Report,
    document::{Document, Edit},
    editor::Editor,
    error::Error,
};

const GRAPH: &str = "tests/faults/trip/src/planning.rs";
const ACTION: &str = "tests/faults/trip/src/actions/booking.rs";

/// Code in another file that uses the items. A cursor is before each name that is looked up.
const USER: Edit = Edit {
    file: "tests/faults/trip/src/lib.rs",
    find: "pub use crate::{change::Change, planning::Planning, survey::answer};",
    replace: "
        use crate::{
            actions::booking::$0book,
            planning::{$0Planning, $0PlanningInputs, $0PlanningNode, $0PlanningWrites},
        };

        /// Uses the items.
        pub fn uses(nodes: &[PlanningNode], _: &PlanningWrites) -> (PlanningInputs, Planning, book, bool) {
            let inputs = PlanningInputs { destination: String::new(), via: None };
            (inputs, Planning {}, book {}, nodes[0] == PlanningNode::search)
        }
    ",
};

/// Where each name of [`USER`] is defined.
const DEFINED: [&str; 5] = [ACTION, GRAPH, GRAPH, GRAPH, GRAPH];

/// An open brace or parenthesis is closed, as editors do: otherwise it contains the rest of the file, and rust-analyzer
/// finds no items in it, with or without burdock.
const CASES: &[Edit] = &[
    // nothing is half typed
    graph("ask -> search;", "ask -> search;"),
    // transitions
    graph("ask -> search;", "as"),
    graph("ask -> search;", "ask -"),
    graph("ask -> search;", "ask -> "),
    graph("ask -> search;", "ask -> sea"),
    graph("ask -> search;", "ask -> ;"),
    graph("search -> if state.legs.is_empty() { pause ask } else { add_up };", "search -> "),
    graph("search -> if state.legs.is_empty() { pause ask } else { add_up };", "search -> if "),
    graph("search -> if state.legs.is_empty()", "search -> if state."),
    graph("{ pause ask } else { add_up };", "{ pause ask } el"),
    graph("Mode::Walk => end,", "Mode::"),
    graph("Mode::Walk => end,", "Mode::Walk => "),
    graph("on error search | book -> excuse;", "on err"),
    // sections
    graph("start ask;", "start "),
    graph("yields Found;", "yields "),
    graph("            ask,\n", "            ask:\n"),
    graph("{ at_most: 3 }", "{ at_ }"),
    graph("{ at_most: 3 }", "{ at_most: }"),
    graph("desk: Arc<dyn Desk>,", "desk: ,"),
    // arguments of an action
    action("reads(city, mode)", "reads(ci)"),
    action("reads(city, mode)", "reads(city, )"),
    action("reads(city, mode)", "rea"),
    action("state = Trip, reads(city, mode), writes(booking)", "state = "),
    action("state = Trip, reads(city, mode), writes(booking)", ""),
    action("#[resource] desk: &Arc<dyn Desk>", "#[resource] de"),
    // bodies
    action("let booking = desk.book(trip.city, *trip.mode)?;", "let"),
    action("let booking = desk.book(trip.city, *trip.mode)?;", "let booking = "),
    action("let booking = desk.book(trip.city, *trip.mode)?;", "let booking = desk."),
    action("let booking = desk.book(trip.city, *trip.mode)?;", "let booking = desk.book("),
    action("Ok(Writes { booking })", "Ok(Wri"),
    action("Ok(Writes { booking })", "Ok(Writes { bo })"),
];

/// A case in a graph.
const fn graph(find: &'static str, replace: &'static str) -> Edit {
    Edit { file: GRAPH, find, replace }
}

/// A case in an action.
const fn action(find: &'static str, replace: &'static str) -> Edit {
    Edit { file: ACTION, find, replace }
}

/// Checks that the items are found, and that no other file has an error.
pub(crate) fn check(editor: &mut Editor, report: &mut Report) -> Result<(), Error> {
    let user = editor.edit(USER)?;
    for edit in CASES {
        editor.edit(*edit)?;
        let problems = problems(editor, &user, edit.file)?;
        editor.revert(edit.file)?;
        let shown = edit.replace.trim();
        report.add(&format!("the items are found beside a half-typed `{shown}`"), &problems);
    }
    editor.revert(USER.file)
}

fn problems(editor: &mut Editor, user: &Document, edited: &str) -> Result<Vec<String>, Error> {
    let mut problems = Vec::new();
    for file in [USER.file, GRAPH, ACTION].into_iter().filter(|file| *file != edited) {
        for diagnostic in editor.diagnostics(file)? {
            problems.push(format!("{file}:{}: {}", diagnostic.line, diagnostic.message));
        }
    }
    for (offset, file) in user.cursors.iter().zip(DEFINED) {
        let found = editor.definitions(user, *offset)?;
        if found.iter().all(|found| found != file) {
            let name: String =
                user.text[*offset..].chars().take_while(|char| char.is_alphanumeric()).collect();
            problems.push(format!("`{name}` is not found: {found:?}"));
        }
    }
    Ok(problems)
}
