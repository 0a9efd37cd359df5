//! The crate can have another name.

mod facade {
    pub use burdock_llm as llm;
}

/// Write about {subject}.
#[facade::llm::prompt(crate = facade::llm)]
async fn write(subject: &str) -> String;

#[test]
fn it_runs() {
    let _ = write("a dragon");
}
