//! Runs the example as a process.

use std::{env, error::Error, fs, process::Command};

/// Returns the output of the command, and whether it succeeded.
fn record(args: &[&str]) -> Result<(String, bool), Box<dyn Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_record")).args(args).output()?;
    let printed = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
    Ok((printed, output.status.success()))
}

#[test]
fn a_step_is_found_and_becomes_a_test() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("burdock-record-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let path = folder.join("kiosk.db").display().to_string();

    let (missing, success) = record(&[&path])?;
    assert!(!success && missing.contains("there is no file"), "{missing}");

    let (demo, success) = record(&[&path, "monday", "--demo"])?;
    assert!(success, "{demo}");
    let (sessions, _) = record(&[&path])?;
    assert!(sessions.starts_with("monday: "), "{sessions}");
    let (steps, _) = record(&[&path, "monday"])?;
    assert_eq!(steps, demo);

    let failed = steps.lines().find(|line| line.ends_with("sell failed")).ok_or("none failed")?;
    let entry = failed.split_whitespace().next().ok_or("no entry")?;
    let (json, _) = record(&[&path, "monday", entry])?;
    assert!(json.contains(r#""there is no cocoa""#), "{json}");
    let (test, _) = record(&[&path, "monday", entry, "--test"])?;
    assert!(test.contains("async fn sell_fails_at_step_5() ->"), "{test}");
    assert!(test.contains("compile_error!("), "{test}");

    let (refused, success) = record(&[&path, "monday", "0", "--test"])?;
    assert!(!success && refused.contains("a `session_created`"), "{refused}");
    fs::remove_dir_all(folder)?;
    Ok(())
}

#[test]
fn an_invalid_command_line_is_refused() -> Result<(), Box<dyn Error>> {
    for (args, text) in [
        (&["a.db", "b", "c"][..], "the entry must be a number"),
        (&["a.db", "--test"], "cannot be combined"),
        (&["--fast"], "unknown flag `--fast`"),
        (&["a.db", "", "1"], "invalid session id"),
    ] {
        let (printed, success) = record(args)?;
        assert!(!success && printed.contains(text), "{printed}");
    }
    Ok(())
}
