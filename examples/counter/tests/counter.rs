//! Runs the example as a process.

use std::{error::Error, process::Command};

#[test]
fn it_counts_to_ten_with_macros_and_without() -> Result<(), Box<dyn Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_counter")).output()?;
    let stdout = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{stdout}");
    assert!(stdout.contains("with macros:    10\n"), "{stdout}");
    assert!(stdout.contains("without macros: 10\n"), "{stdout}");
    Ok(())
}
