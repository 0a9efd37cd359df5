use burdock::prelude::*;
use burdock_guide::query_llm;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Section {
    title: Slot<String>,
    text: String,
}

#[action(state = Section, writes(title))]
async fn outline(#[input] topic: &String) -> Result<Writes> {
    Ok(Writes { title: format!("On {topic}") })
}

#[streaming_action(state = Section, reads(title), writes(text), yields(String))]
async fn write(section: Reads<'_>) -> Result<Writes> {
    let mut text = String::new();
    for word in query_llm("gpt-4", section.title) {
        text += &word;
        yield_!(word);
    }
    Ok(Writes { text })
}

graph! {
    WriteSection(Section) {
        inputs { topic: String }
        yields String;
        nodes { outline, write }
        start outline;
        outline -> write;
        write -> end;
    }
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Chapter {
    pub texts: Vec<String>,
}

#[streaming_action(state = Chapter, writes(texts), yields(String))]
async fn write_sections(
    #[input] topics: &Vec<String>,
    #[graph] section: Sub<'_, WriteSection>,
) -> Result<Writes> {
    let starts = topics.iter().map(|topic| (topic, WriteSectionInputs { topic: topic.clone() }));
    let mut runs = section.each(starts);
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { item, .. } = event? {
            yield_!(item);
        }
    }
    Ok(Writes { texts: runs.into_ends().map(|(_, end)| end.into_state().text).collect() })
}

graph! {
    WriteChapter(Chapter) {
        inputs { topics: Vec<String> }
        yields String;
        nodes { write_sections }
        start write_sections;
        write_sections -> end;
    }
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Book {
    pub chapters: Vec<Vec<String>>,
    pub texts: Vec<Vec<String>>,
}

#[streaming_action(state = Book, reads(chapters), writes(texts), yields((usize, String)))]
async fn write_chapters(
    book: Reads<'_>,
    #[graph] chapter: Sub<'_, WriteChapter>,
) -> Result<Writes> {
    let starts = book.chapters.iter().enumerate().map(|(number, topics)| {
        (number.to_string(), WriteChapterInputs { topics: topics.clone() })
    });
    let mut runs = chapter.each(starts);
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { key, item, .. } = event? {
            yield_!((key.parse()?, item));
        }
    }
    Ok(Writes { texts: runs.into_ends().map(|(_, end)| end.into_state().texts).collect() })
}

graph! {
    pub WriteBook(Book) {
        yields (usize, String);
        nodes { write_chapters }
        start write_chapters;
        write_chapters -> end;
    }
}
