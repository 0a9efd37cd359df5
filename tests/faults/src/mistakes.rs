//! `mistakes.md`: single mistakes in `trip` that break a rule of the language.

use crate::{
    File, Trial,
    fault::{Fault, Kind},
    program::Error,
    table::{rows, unescape},
};
use std::{fs, path::Path};

/// Reads the mistakes in these files.
///
/// # Errors
/// Returns an error if a row has no known file, or if the text of a mistake is not in its file exactly once. `within` is
/// the start of the paths that are read.
pub(crate) fn read(path: &Path, files: &[File], within: &str) -> Result<Vec<Trial>, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::Io(path.to_owned(), error))?;
    let mut trials = Vec::new();
    for row in rows(&text) {
        let [_, file, before, after] = &row[..] else {
            return Err(Error::Mistake(format!(
                "a row has {} cells: {}",
                row.len(),
                row.join(" ")
            )));
        };
        // the header
        if file == "file" || file.starts_with("---") {
            continue;
        }
        let shown = format!("{}/src/{file}", crate::TRIP);
        if !shown.starts_with(within) {
            continue;
        }
        let Some(number) = files.iter().position(|file| file.shown == shown) else {
            return Err(Error::Mistake(format!("there is no file {shown}")));
        };
        let source = &files[number].source;
        let [before, after] =
            [before, after].map(|cell| unescape(cell).trim_matches('`').replace("\\n", "\n"));
        let places: Vec<_> = source.text.match_indices(&before).map(|(at, _)| at).collect();
        let [start] = places[..] else {
            return Err(Error::Mistake(format!("`{before}` is {} times in {file}", places.len())));
        };
        let range = start..start + before.len();
        let fault =
            Fault { kind: Kind::RuleBroken, part: source.part(start), range, replacement: after };
        trials.push(Trial { file: number, fault });
    }
    Ok(trials)
}
