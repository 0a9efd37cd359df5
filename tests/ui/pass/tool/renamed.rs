//! The crate can have another name, and a tool can be anywhere.

mod facade {
    pub use burdock_llm as llm;
}

mod other {
    use super::facade;

    /// Finds.
    #[facade::llm::tool(crate = facade::llm)]
    pub(super) async fn find(r#type: String) -> burdock::Result<String> {
        Ok(r#type)
    }
}

macro_rules! tool_of {
    ($name:ident, $ty:ty) => {
        /// Finds.
        #[burdock_llm::tool]
        async fn $name(#[resource] shop: $ty) -> burdock::Result<String> {
            Ok(shop.clone())
        }
    };
}

tool_of!(find_in, &String);

#[test]
fn it_runs() {
    /// Finds in a function.
    #[burdock_llm::tool]
    async fn inside(text: String) -> burdock::Result<String> {
        Ok(text)
    }

    let shop = String::new();
    let tools = facade::llm::tools![other::find, find_in { shop: &shop }, inside];
    assert_eq!(tools.definitions().count(), 3);
}
