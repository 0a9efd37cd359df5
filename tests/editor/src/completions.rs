//! The names that completion offers inside burdock's macros.

use crate::{Report, document::Edit, editor::Editor, error::Error};

/// The expected result of completion at the cursor.
enum Offers {
    /// These names, before all others.
    First(&'static [&'static str]),
    /// These names, among others.
    Also(&'static [&'static str]),
    /// None of these names, for this reason. They would be of use.
    Without(&'static [&'static str], &'static str),
}

/// A change that contains a cursor, and what completion offers there.
struct Case {
    edit: Edit,
    offers: Offers,
}

use Offers::{Also, First, Without};

const NODES: &[&str] =
    &["ask", "search", "add_up", "cheap", "comfortable", "book", "forget", "excuse"];

const FIELDS: &[&str] = &["city", "legs", "prices", "total", "mode", "booking", "problem"];

const ACTIONS: &[&str] = &["Forget", "book", "choose", "excuse", "add_up", "ask", "search"];

const WORD: &str = "a word of burdock is not a name of the program";

const SECOND_DOT: &str = "the condition does not parse, so its place ends after the field";

const PATTERN: &str = "the pattern does not parse, so the arm is skipped";

const VALUE: &str = "the value does not parse, so the parameter is skipped";

const CASES: &[Case] = &[
    // targets
    graph("ask -> search;", "ask -> $0;", First(NODES)),
    graph("ask -> search;", "ask -> se$0;", First(NODES)),
    graph("ask -> search;", "ask -> $0", First(NODES)),
    graph("search -> if", "search -> $0\n        add_up -> if", First(NODES)),
    graph("{ pause ask }", "{ $0 }", First(NODES)),
    graph("{ pause ask }", "{ pause $0 }", First(NODES)),
    graph("Mode::Walk => end", "Mode::Walk => $0", First(NODES)),
    graph("-> excuse;", "-> $0;", First(NODES)),
    graph("ask -> search;", "ask -> pau$0;", Without(&["pause", "end", "if", "match"], WORD)),
    // other names of nodes
    graph("start ask;", "start $0;", First(NODES)),
    graph("start ask;", "start a$0;", First(NODES)),
    graph("forget -> pause;", "for$0 -> pause;", First(NODES)),
    graph("on error search |", "on error $0 |", First(NODES)),
    // conditions
    graph("if state.legs.is_empty()", "if state.$0", First(FIELDS)),
    graph("if state.legs.is_empty()", "if state.le$0.is_empty()", First(FIELDS)),
    graph("match &state.mode", "match &state.$0", First(FIELDS)),
    graph("if state.total > 50_000", "if state.$0", First(FIELDS)),
    graph("if state.legs.is_empty()", "if state.legs.$0", Without(&["is_empty"], SECOND_DOT)),
    graph("Mode::Walk =>", "Mode::$0 =>", Without(&["Walk"], PATTERN)),
    // nodes
    graph("forget: Forget", "forget: $0", Also(ACTIONS)),
    graph("forget: Forget", "forget: Fo$0", Also(ACTIONS)),
    graph("            ask,\n", "            $0\n", Also(ACTIONS)),
    graph("            ask,\n", "            as$0,\n", Also(ACTIONS)),
    graph("{ at_most: 3 }", "{ $0 }", First(&["at_most"])),
    graph("{ at_most: 3 }", "{ at_$0 }", First(&["at_most"])),
    graph("{ at_most: 3 }", "{ at_most: 3, $0 }", First(&["at_most"])),
    graph("{ at_most: 3 }", "{ at_most: usize::$0 }", Without(&["MAX"], VALUE)),
    graph("cheap: choose { limit: 10_000 }", "cheap: choose { $0 }", First(&["limit"])),
    // types of the graph
    graph("Planning(Trip)", "Planning(Tr$0)", Also(&["Trip"])),
    graph("via: Option<String>", "via: Op$0", Also(&["Option"])),
    graph("yields Found;", "yields Fo$0;", Also(&["Found"])),
    graph("        start ask;", "        sta$0 ask;", Without(&["start"], WORD)),
    // arguments of actions
    action("reads(city, mode)", "reads($0)", First(FIELDS)),
    action("reads(city, mode)", "reads(ci$0)", First(FIELDS)),
    action("reads(city, mode)", "reads(city, $0)", First(FIELDS)),
    action("writes(booking)", "writes($0)", First(FIELDS)),
    action("writes(booking)", "writes(bo$0)", First(FIELDS)),
    action("state = Trip, reads(city", "state = Tr$0, reads(city", Also(&["Trip"])),
    action("reads(city, mode)", "rea$0", Without(&["reads"], WORD)),
    // bodies of actions
    action("desk.book(trip.city", "desk.book(trip.$0", First(&["city", "mode"])),
    action("desk.book(", "desk.bo$0(", Also(&["book(as Desk)"])),
    action("Ok(Writes { booking })", "Ok(Wri$0)", Also(&["Writes"])),
    action("Ok(Writes { booking })", "Ok(Writes { $0 })", First(&["booking"])),
    action("desk.book(trip.city,", "desk.book(trip.city.$0,", Also(&["len", "is_empty"])),
    action(
        "let booking",
        "let city = trip.city.clone(); city.$0; let booking",
        Also(&["push_str"]),
    ),
    action("*trip.mode", "Mode::$0", Also(&["Train", "Plane", "Walk"])),
];

/// A case in a graph.
const fn graph(find: &'static str, replace: &'static str, offers: Offers) -> Case {
    Case { edit: Edit { file: "tests/faults/trip/src/planning.rs", find, replace }, offers }
}

/// A case in an action.
const fn action(find: &'static str, replace: &'static str, offers: Offers) -> Case {
    Case { edit: Edit { file: "tests/faults/trip/src/actions/booking.rs", find, replace }, offers }
}

/// Checks what completion offers.
pub(crate) fn check(editor: &mut Editor, report: &mut Report) -> Result<(), Error> {
    for Case { edit, offers } in CASES {
        let document = editor.edit(*edit)?;
        let labels = editor.complete(&document)?;
        editor.revert(edit.file)?;
        let shown = edit.replace.trim().replace("$0", "▏").replace('\n', " ");
        report.add(&format!("completion in `{shown}` offers {offers}"), &offers.problems(&labels));
    }
    Ok(())
}

impl Offers {
    /// Compares the labels that completion offers.
    fn problems(&self, labels: &[String]) -> Vec<String> {
        let (first, names) = match self {
            First(names) => (&labels[..labels.len().min(names.len())], *names),
            Also(names) => (labels, *names),
            Without(names, _) => {
                let offered = names.iter().filter(|name| labels.iter().any(|label| label == *name));
                let problem = |name| format!("`{name}` is offered: state this in the case");
                return offered.map(problem).collect();
            }
        };
        let missing = names.iter().filter(|name| first.iter().all(|label| label != *name));
        let mut problems: Vec<String> =
            missing.map(|name| format!("`{name}` is missing")).collect();
        if !problems.is_empty() {
            problems.push(format!("it offers {}", labels.join(", ")));
        }
        problems
    }
}

impl std::fmt::Display for Offers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            First(names) => write!(f, "first {}", names.join(", ")),
            Also(names) => write!(f, "also {}", names.join(", ")),
            Without(names, reason) => write!(f, "not {}: {reason}", names.join(", ")),
        }
    }
}
