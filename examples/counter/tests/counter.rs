//! Runs the example as its reader does.

use std::{error::Error, process::Command};

#[test]
fn it_counts_to_ten_with_macros_and_without() -> Result<(), Box<dyn Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_counter")).output()?;
    let said = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{said}");
    assert!(said.contains("with macros:    10\n"), "{said}");
    assert!(said.contains("without macros: 10\n"), "{said}");
    Ok(())
}
