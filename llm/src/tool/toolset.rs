//! Tools with the resources that they use, as one value.

use super::{Progress, Tool, ToolDefinition, Tools};
use crate::ToolCall;
use burdock::ActionError;
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::{fmt, sync::Arc, time::Duration};

/// A source of tools that owns what they use.
///
/// [`Tools`] borrow their resources. A graph that is written without knowing the tools, such as
/// [`Agent`](crate::Agent), has a resource `Arc<dyn Toolset>` instead. Create one with [`toolset`], with
/// `Arc::new(tools![…])` from tools without resources, or implement the trait:
///
/// ```
/// use burdock_llm::{Tools, tool, tool::Toolset, tools};
/// use std::sync::Arc;
///
/// /// Orders by e-mail address.
/// struct Shop(Vec<(String, u64)>);
///
/// /// Counts the orders.
/// #[tool]
/// async fn count_orders(#[resource] shop: &Shop) -> burdock::Result<usize> {
///     Ok(shop.0.len())
/// }
///
/// /// The tools of the employees of a shop.
/// struct Counter(Arc<Shop>);
///
/// impl Toolset for Counter {
///     fn tools(&self) -> Tools<'_> {
///         tools![count_orders { shop: &self.0 }].at_once(2)
///     }
/// }
///
/// let tools: Arc<dyn Toolset> = Arc::new(Counter(Arc::new(Shop(Vec::new()))));
/// assert_eq!(tools.tools().definitions().next().map(|tool| &*tool.name), Some("count_orders"));
/// ```
pub trait Toolset: Send + Sync + 'static {
    /// Returns the tools. Must return the same ones each time: the model is asked with one set, and its calls run with the
    /// next one.
    fn tools(&self) -> Tools<'_>;
}

impl Toolset for Tools<'static> {
    fn tools(&self) -> Tools<'_> {
        let tools = self.tools.iter();
        let tools = tools.map(|(definition, tool)| {
            let tool: Box<dyn Tool + '_> = Box::new(&**tool);
            (definition.clone(), tool)
        });
        Tools { tools: tools.collect(), limits: self.limits }
    }
}

impl<T: Tool + ?Sized> Tool for &T {
    fn definition(&self) -> ToolDefinition {
        (**self).definition()
    }

    fn timeout(&self) -> Option<Duration> {
        (**self).timeout()
    }

    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: Progress<'a, Value>,
    ) -> BoxFuture<'a, Result<String, ActionError>> {
        (**self).call(call, progress)
    }
}

/// Creates a [`Toolset`] from resources and a function that returns the tools that use them.
///
/// ```
/// use burdock_llm::{tool, tools, toolset};
/// use std::sync::Arc;
///
/// # struct Shop;
/// /// Counts the orders.
/// #[tool]
/// async fn count_orders(#[resource] shop: &Shop) -> burdock::Result<usize> {
///     # let _ = shop;
///     Ok(0)
/// }
///
/// let tools = toolset(Arc::new(Shop), |shop| tools![count_orders { shop }]);
/// assert_eq!(tools.tools().definitions().count(), 1);
/// ```
pub fn toolset<R: Send + Sync + 'static>(
    resources: R,
    tools: fn(&R) -> Tools<'_>,
) -> Arc<dyn Toolset> {
    Arc::new(Owned { resources, tools })
}

/// Resources, and the tools that use them.
struct Owned<R> {
    resources: R,
    tools: fn(&R) -> Tools<'_>,
}

impl<R: Send + Sync + 'static> Toolset for Owned<R> {
    fn tools(&self) -> Tools<'_> {
        (self.tools)(&self.resources)
    }
}

impl fmt::Debug for dyn Toolset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tools = self.tools();
        f.debug_list().entries(tools.definitions().map(|tool| tool.name.as_str())).finish()
    }
}
