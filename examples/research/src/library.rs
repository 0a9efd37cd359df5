//! The texts that are searched: the Markdown files of a folder, by paragraphs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};
use tokio::time::sleep;

/// The number of paragraphs that a search finds.
const FOUND: usize = 3;

/// The place of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The name of the file.
    pub file: String,
    /// The number of the paragraph in the file, from 0.
    pub paragraph: usize,
}

/// A folder of texts.
#[derive(Debug)]
pub struct Library {
    paragraphs: Vec<(Place, String)>,
    /// The duration of each access, as if the texts were far away.
    pub delay: Duration,
    /// Receives a line for each access.
    accesses: Option<Mutex<File>>,
}

/// A text that is no longer in the library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` has no paragraph {}", .0.file, .0.paragraph)]
pub struct NotFound(pub Place);

impl Library {
    /// Reads the Markdown files of a folder.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let files = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        let mut files: Vec<PathBuf> = files.collect::<io::Result<_>>()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        // the order of a directory is not defined
        files.sort();
        let mut paragraphs = Vec::new();
        for path in files {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path)?;
            paragraphs.extend(text.split("\n\n").enumerate().map(|(paragraph, text)| {
                (Place { file: file.clone(), paragraph }, text.trim().to_owned())
            }));
        }
        Ok(Self { paragraphs, delay: Duration::ZERO, accesses: None })
    }

    /// Appends a line to a file for each access.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened.
    pub fn record_accesses(&mut self, file: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(file)?;
        self.accesses = Some(Mutex::new(file));
        Ok(())
    }

    /// Searches the paragraphs that have most words of a question; of several the ones that have them most often.
    ///
    /// # Errors
    /// Returns an error if the access cannot be recorded.
    pub async fn search(&self, question: &str) -> io::Result<Vec<Place>> {
        self.access("search", question)?;
        sleep(self.delay).await;
        let wanted: BTreeSet<String> = words(question).collect();
        let score = |text: &str| {
            let found: Vec<_> = words(text).filter(|word| wanted.contains(word)).collect();
            (found.iter().collect::<BTreeSet<_>>().len(), found.len())
        };
        let scores = self.paragraphs.iter().map(|(place, text)| (score(text), place));
        let mut scores: Vec<_> = scores.filter(|(score, _)| score.0 > 0).collect();
        // stable: of equal scores the first paragraph wins
        scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        Ok(scores.into_iter().take(FOUND).map(|(_, place)| place.clone()).collect())
    }

    /// Reads a paragraph that was found for a question.
    ///
    /// # Errors
    /// Returns an error if the paragraph does not exist, or the access cannot be recorded.
    pub async fn read(&self, question: &str, place: &Place) -> burdock::Result<String> {
        self.access("read", question)?;
        sleep(self.delay).await;
        let found = self.paragraphs.iter().find(|(known, _)| known == place);
        Ok(found.map(|(_, text)| text.clone()).ok_or_else(|| NotFound(place.clone()))?)
    }

    /// Records an access with a single write, so that a killed process writes a line completely or not at all.
    fn access(&self, kind: &str, question: &str) -> io::Result<()> {
        let Some(file) = &self.accesses else { return Ok(()) };
        let mut file = file.lock().map_err(|_| io::Error::other("an access has panicked"))?;
        file.write_all(format!("{kind} {question}\n").as_bytes())
    }
}

/// Returns the words of a text with at least five letters, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| word.len() > 4).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::Library;
    use std::{error::Error, fs};

    #[tokio::test]
    async fn paragraphs_with_most_words_of_the_question_are_found() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        fs::write(
            folder.path().join("b.md"),
            "Tides are slow.\n\nThe sun and the earth pull the tides.",
        )?;
        fs::write(folder.path().join("a.md"), "Nothing here.\n\nTides! Tides!")?;
        fs::write(folder.path().join("c.txt"), "The earth pulls the tides.")?;
        let library = Library::open(folder.path())?;
        let found = library.search("Why does the EARTH pull tides?").await?;
        let places: Vec<_> = found.iter().map(|at| (&*at.file, at.paragraph)).collect();
        assert_eq!(places, [("b.md", 1), ("a.md", 1), ("b.md", 0)]);
        assert_eq!(library.read("", &found[0]).await?, "The sun and the earth pull the tides.");
        let mut gone = found[0].clone();
        gone.paragraph = 9;
        let error = library.read("", &gone).await.map_err(|error| error.to_string());
        assert_eq!(error, Err("`b.md` has no paragraph 9".to_owned()));
        Ok(())
    }
}
