//! The program of docs/resume.md, which a test kills.
#![allow(missing_docs, clippy::print_stdout, reason = "it is a program for the guide")]

use burdock::{Context, Position, prelude::*};
use burdock_sqlite::SqliteLog;
use serde::{Deserialize, Serialize};
use std::{
    io::{Write, stdout},
    time::Duration,
};

/// The chapters translated so far.
#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Book {
    pub chapters: Vector<String>,
}

/// Translates the next chapter, word by word.
#[streaming_action(state = Book, reads(chapters), writes(chapters), yields(String))]
async fn translate(
    book: Reads<'_>,
    #[input] title: &String,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut chapter = format!("\n{title}, chapter {}:", book.chapters.len() + 1);
    yield_!(chapter.clone());
    for word in [" once", " upon", " a", " time"] {
        cx.sleep(Duration::from_millis(100)).await; // as slow as a model
        chapter.push_str(word);
        yield_!(word.to_owned());
    }
    let mut chapters = book.chapters.clone();
    chapters.push_back(chapter);
    Ok(Writes { chapters })
}

graph! {
    pub Translation(Book) {
        inputs { title: String }
        yields String;
        nodes { translate }
        start translate;
        translate -> if state.chapters.len() < 3 { translate } else { end };
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = SqliteLog::open("book.db").await?;
    let mut app = Translation::app().id("book").log(log).build().await?;
    println!("{:?}", app.position());

    let mut run = match app.position() {
        Position::Rest(_) => app.run(TranslationInputs { title: "Märchen".into() }),
        Position::Unfinished(_) => app.resume(),
        Position::Ended => return Ok(()),
    };
    while let Some(word) = run.next().await {
        print!("{}", word?);
        stdout().flush()?;
    }
    println!("\n{}", run.finish().await?.outcome());
    drop(run);

    app.close().await?;
    Ok(())
}
