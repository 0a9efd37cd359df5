//! Sessions that a newer release wrote.

use super::{
    diary::{Keeping, KeepingResources, clock, open},
    fixtures::folder,
};
use burdock::{
    log::{Append, Claim, FORMAT, Log, LogError, MemoryLog, NewEntry, SessionId},
    run::{BuildError, ReadError},
};
use burdock_sqlite::SqliteLog;
use burdock_tests::script::Script;
use std::{error::Error, fs};

#[tokio::test]
async fn a_session_with_an_entry_of_a_newer_format_cannot_be_opened() {
    let (log, id) = (MemoryLog::new(), SessionId::new("diary").unwrap());
    open(log.clone(), "diary", Script::default(), &clock()).await.close().await.unwrap();
    let opened = log.open(&id, Claim::default()).await.unwrap();
    let json = format!(r#"{{"v":{},"when":"later","entry":{{"dream":{{}}}}}}"#, FORMAT + 1);
    let entry = NewEntry::from_json("dream", 0, json);
    let (epoch, at) = (opened.epoch, opened.next);
    let append = Append::new(id, epoch, at, vec![entry]);
    log.append(append).await.unwrap();

    let script = Script::default();
    let app = Keeping::app().id("diary").resources(KeepingResources { script }).log(log);
    let error = app.build().await.unwrap_err();
    assert!(matches!(error, BuildError::Open(ReadError::Log(LogError::NewerFormat { .. }))));
    assert_eq!(
        error.to_string(),
        "an entry has format 3, and this program knows formats up to 2: update burdock to read it"
    );
}

#[tokio::test]
async fn a_file_of_a_newer_schema_is_rejected_and_not_changed() {
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("sessions.db");
    let mut bytes = fs::read(folder(1).join("sessions.db")).unwrap();
    // where SQLite keeps `user_version`
    assert_eq!(bytes[60..64], 1_u32.to_be_bytes());
    bytes[60..64].copy_from_slice(&3_u32.to_be_bytes());
    fs::write(&path, &bytes).unwrap();
    let error = SqliteLog::open(&path).await.unwrap_err();
    let file = path.display();
    assert_eq!(
        error.to_string(),
        format!(
            "the log cannot be stored: `{file}` was written by a newer version of burdock: update burdock to open it"
        )
    );
    assert_eq!(
        error.source().unwrap().to_string(),
        "the file has schema version 3, but this program supports versions up to 2"
    );
    assert!(fs::read(&path).unwrap() == bytes);
}
