//! Runs the example as a process.

use std::{error::Error, fs, process::Command};

#[test]
fn both_ways_show_progress_and_the_same_report() -> Result<(), Box<dyn Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_progress")).output()?;
    let stdout = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{stdout}");
    let (iterator, stream) = stdout.split_once("\n\n").ok_or("two ways")?;
    let (_, iterator) = iterator.split_once("As an iterator:\n").ok_or("a heading")?;
    let (_, stream) = stream.split_once("As a stream:\n").ok_or("a heading")?;
    assert_eq!(iterator, stream.trim_end());
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/text/the-bur.txt"))?;
    let words = text.split_whitespace().count();
    assert!(iterator.contains(&format!("100 %  {words:>5} words\n")), "{stdout}");
    assert!(iterator.contains(&format!("\n{words} words in ")), "{stdout}");
    Ok(())
}

#[test]
fn a_missing_file_is_an_error_that_names_it() -> Result<(), Box<dyn Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_progress")).arg("no/such/file").output()?;
    let complaint = String::from_utf8(output.stderr)?;
    assert!(complaint.contains("`no/such/file` cannot be read: "), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert_eq!(output.status.code(), Some(1));
    Ok(())
}
