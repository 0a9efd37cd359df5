//! Documents similar to those that models write, their schemas, and their chunks.

use serde_json::{Value, json};

/// A document and its schema.
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) schema: Value,
}

const WORDS: &[&str] = &[
    "the", "dragon", "slept", "beneath", "an", "old", "tower", "and", "dreamt", "of", "rain",
    "while", "squirrel", "counted", "silver", "coins,", "quietly,", "until", "morning.", "Ünder",
    "\"gold\"",
];

impl Document {
    /// Creates a story of about `size` bytes: chapters of paragraphs, with some numbers and short lists.
    pub(crate) fn story(name: &'static str, size: usize) -> Self {
        let mut random = Random(1);
        let mut chapters = Vec::new();
        let mut length = 0;
        while chapters.is_empty() || length < size {
            let paragraph = if size < 2_000 { 150 } else { 700 };
            let chapter = json!({
                "title": words(&mut random, 20),
                "text": words(&mut random, paragraph),
                "pages": random.below(40),
                "tags": [words(&mut random, 4), words(&mut random, 4)],
                "finished": random.below(2) == 0,
            });
            length += chapter.to_string().len();
            chapters.push(chapter);
        }
        let text = json!({"title": "A story", "chapters": chapters, "rating": 4.5}).to_string();
        Self { name, text, schema: story_schema() }
    }

    /// Creates lists of numbers: a change for every few bytes.
    pub(crate) fn numbers(name: &'static str, size: usize) -> Self {
        let mut random = Random(2);
        let mut rows = Vec::new();
        while rows.len() * 60 < size {
            let row: Vec<usize> = (0..10).map(|_| random.below(100_000)).collect();
            rows.push(json!({"id": rows.len(), "row": row}));
        }
        let schema = json!({"type": "array", "items": {"type": "object",
            "required": ["id", "row"], "properties": {"id": {"type": "integer"},
                "row": {"type": "array", "items": {"type": "integer"}}}}});
        Self { name, text: Value::from(rows).to_string(), schema }
    }

    /// Cuts the text into chunks of `least` to `most` bytes.
    pub(crate) fn chunks(&self, least: usize, most: usize) -> Vec<&str> {
        let mut random = Random(3);
        let mut chunks = Vec::new();
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let size = least + random.below(most - least + 1);
            let (chunk, after) = rest.split_at(rest.ceil_char_boundary(size.min(rest.len())));
            chunks.push(chunk);
            rest = after;
        }
        chunks
    }
}

fn story_schema() -> Value {
    json!({
        "type": "object",
        "required": ["title", "chapters", "rating"],
        "properties": {
            "title": {"type": "string"},
            "chapters": {"type": "array", "items": {"$ref": "#/$defs/Chapter"}},
            "rating": {"type": "number"},
        },
        "$defs": {"Chapter": {
            "type": "object",
            "required": ["title", "text", "pages", "tags", "finished"],
            "properties": {
                "title": {"type": "string"},
                "text": {"type": "string"},
                "pages": {"type": "integer", "format": "uint32", "minimum": 0},
                "tags": {"type": "array", "items": {"type": "string"}},
                "finished": {"type": "boolean"},
            },
        }},
    })
}

fn words(random: &mut Random, length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(WORDS[random.below(WORDS.len())]);
    }
    text
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end as u64).unwrap()
    }
}
