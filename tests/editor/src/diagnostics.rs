//! Errors and warnings that rust-analyzer reports in valid programs.

use crate::{Report, document::Edit, editor::Editor, error::Error};
use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

/// The folders of programs that use burdock.
const PROGRAMS: [&str; 2] = ["examples", "tests/faults/trip"];

/// A mistake in a program, which has to be reported: otherwise the other checks are worthless.
const FAULT: Edit = Edit {
    file: "tests/faults/trip/src/lib.rs",
    find: "planning::Planning,",
    replace: "planning::Planing,",
};

/// Checks that nothing is reported in valid programs.
pub(crate) fn check(editor: &mut Editor, root: &Path, report: &mut Report) -> Result<(), Error> {
    for folder in PROGRAMS {
        let (mut problems, mut files) = (Vec::new(), Vec::new());
        find_files(&root.join(folder), &mut files)?;
        files.sort();
        for path in &files {
            let file = path.strip_prefix(root).unwrap_or(path).display().to_string();
            for diagnostic in editor.diagnostics(&file)? {
                problems.push(format!("{file}:{}: {}", diagnostic.line, diagnostic.message));
            }
        }
        report.add(
            &format!("nothing is reported in the {} files of `{folder}`", files.len()),
            &problems,
        );
    }
    editor.edit(FAULT)?;
    let found = editor.diagnostics(FAULT.file)?;
    editor.revert(FAULT.file)?;
    let problems = if found.is_empty() { vec!["nothing is reported".to_owned()] } else { vec![] };
    report.add("a misspelt name is reported", &problems);
    Ok(())
}

/// Finds the Rust files in a folder.
fn find_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_files(&path, files)?;
        } else if path.extension() == Some(OsStr::new("rs")) {
            files.push(path);
        }
    }
    Ok(())
}
