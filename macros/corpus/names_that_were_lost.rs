// The type of the graph, or of the function, was not there beside the error.
graph! { #[doc =] pub Talking(Chat) { nodes { a } start a; a -> end; } }
graph! { #(doc = "Talks.") Talking(Chat) { nodes { a } start a; a -> end; } }

#[action(state = Chat)]
async fn work(&self) -> Result<Writes> { Ok(Writes {}) }
