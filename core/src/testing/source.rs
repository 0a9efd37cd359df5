//! The source code of a test that repeats a recorded attempt.

use super::{Conclusion, Fixture, FixtureError};
use crate::graph::Topology;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// The parts of a graph that a test depends on: converted from its [`Topology`] or, in a program that does not
/// have the graph, deserialized from [`Topology::json`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Outline {
    /// The name of the graph.
    pub name: String,
    /// Its nodes.
    pub nodes: Vec<OutlineNode>,
    /// The inputs, which each run takes.
    pub inputs: Vec<Needed>,
    /// The resources, which the app takes once.
    pub resources: Vec<Needed>,
}

/// A node of an [`Outline`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct OutlineNode {
    /// Its name.
    pub name: String,
    /// The path of the action, as written in the graph.
    pub action: String,
    /// The names of the inputs that the action needs.
    pub inputs: Vec<String>,
    /// The names of the resources that the action needs.
    pub resources: Vec<String>,
    /// The parameters that the graph binds.
    pub params: Vec<BoundValue>,
}

/// An input or a resource of an [`Outline`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Needed {
    /// Its name.
    pub name: String,
    /// The type, as written.
    pub ty: String,
    /// Whether it is optional.
    pub optional: bool,
}

/// A parameter of an [`OutlineNode`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BoundValue {
    /// Its name.
    pub name: String,
    /// The expression, as written.
    pub value: String,
}

impl From<&Topology> for Outline {
    fn from(topology: &Topology) -> Self {
        let needed = |bindings: &[crate::graph::BindingInfo]| {
            let owned = bindings.iter().map(|binding| Needed {
                name: binding.name.into(),
                ty: binding.ty.into(),
                optional: binding.optional,
            });
            owned.collect()
        };
        let nodes = topology.nodes.iter().enumerate().map(|(index, node)| OutlineNode {
            name: node.name.into(),
            action: node.action.into(),
            inputs: topology.inputs(index).map(|input| input.name.into()).collect(),
            resources: topology.resources(index).map(|resource| resource.name.into()).collect(),
            params: node.params.iter().map(BoundValue::from).collect(),
        });
        Self {
            name: topology.name.into(),
            nodes: nodes.collect(),
            inputs: needed(topology.inputs),
            resources: needed(topology.resources),
        }
    }
}

impl From<&crate::graph::BoundParam> for BoundValue {
    fn from(param: &crate::graph::BoundParam) -> Self {
        Self { name: param.name.into(), value: param.value.into() }
    }
}

impl Fixture {
    /// Generates a test that runs the action with the recorded inputs and compares the result with the record.
    ///
    /// Paste it into the module of the graph, or into a child module with `use super::*`: it names the graph, the
    /// action and the parameters as the graph does. If the action needs a resource, the test does not compile
    /// until you write one in the marked place.
    ///
    /// ```
    /// # use burdock::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # pub struct Counter { pub count: u64 }
    /// # #[action(state = Counter, reads(count), writes(count))]
    /// # async fn add(counter: Reads<'_>, #[input] by: u64) -> Result<Writes> {
    /// #     Ok(Writes { count: counter.count + by })
    /// # }
    /// # graph! {
    /// #     pub Counting(Counter) {
    /// #         inputs { by: u64 }
    /// #         nodes { add }
    /// #         start add;
    /// #         add -> pause;
    /// #     }
    /// # }
    /// use burdock::{log::{Log, MemoryLog, SessionId}, testing};
    /// use std::sync::Arc;
    ///
    /// # futures::executor::block_on(async {
    /// let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    /// let mut app = Counting::app().id("anna").log(Arc::clone(&log)).build().await?;
    /// app.run(CountingInputs { by: 3 }).await?;
    ///
    /// let step = app.history()?.next().await?.unwrap();
    /// let fixture = testing::fixture(&log, &SessionId::new("anna")?, step.offset).await?;
    /// let test = fixture.test(&Counting::TOPOLOGY)?.file("add.json");
    /// assert_eq!(test.to_string(), r#"
    /// /// Node `add` at step 0 of the session `anna`, as it was recorded.
    /// ##[tokio::test]
    /// async fn add_at_step_0() -> Result<(), Box<dyn std::error::Error>> {
    ///     let fixture = burdock::testing::Fixture::from_json(include_str!("add.json"))?;
    ///     let recorded = fixture.load::<Counting>()?;
    ///     let inputs = recorded.inputs();
    ///     let test = add::test(recorded.state()).input("by", inputs.by);
    ///     recorded.compare(test).await?;
    ///     Ok(())
    /// }
    /// "#.trim_start());
    /// # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Returns [`FixtureError::UnknownNode`] if the graph does not have the node.
    pub fn test(&self, graph: impl Into<Outline>) -> Result<TestSource<'_>, FixtureError> {
        let graph = graph.into();
        let node = graph.nodes.iter().find(|node| node.name == self.node).cloned();
        let node = node.ok_or_else(|| FixtureError::UnknownNode {
            node: self.node.clone(),
            graph: graph.name.clone(),
            nodes: graph.nodes.iter().map(|node| &*node.name).collect::<Vec<_>>().join(", "),
        })?;
        Ok(TestSource { fixture: self, graph, node, file: None, resources: BTreeMap::new() })
    }
}

/// The source code of a test, as returned by [`Fixture::test`]. [`Display`](fmt::Display) writes it.
#[derive(Clone, Debug)]
pub struct TestSource<'f> {
    fixture: &'f Fixture,
    graph: Outline,
    node: OutlineNode,
    file: Option<String>,
    resources: BTreeMap<String, String>,
}

impl TestSource<'_> {
    /// Sets the path of a file from which the test includes the fixture, instead of a literal in the code. Write
    /// [`Fixture::to_json`] to that file.
    #[must_use]
    pub fn file(self, path: impl Into<String>) -> Self {
        Self { file: Some(path.into()), ..self }
    }

    /// Sets a resource, as a Rust expression.
    #[must_use]
    pub fn resource(mut self, name: impl Into<String>, expression: impl Into<String>) -> Self {
        self.resources.insert(name.into(), expression.into());
        self
    }

    /// Returns the name of the test.
    pub fn name(&self) -> String {
        let Fixture { node, step, attempt, conclusion, .. } = self.fixture;
        let node = node.to_lowercase();
        let how = match conclusion {
            Conclusion::Committed { .. } => "",
            Conclusion::Failed { .. } => "fails_",
        };
        let attempt = if *attempt > 1 { format!("_in_attempt_{attempt}") } else { String::new() };
        format!("{node}_{how}at_step_{step}{attempt}")
    }

    /// Returns the method calls that configure the test.
    fn setters(&self) -> Vec<String> {
        let Self { graph, node, resources, .. } = self;
        let mut setters = Vec::new();
        for input in graph.inputs.iter().filter(|input| node.inputs.contains(&input.name)) {
            let setter = if input.optional { "optional_input" } else { "input" };
            setters.push(format!("{setter}({:?}, inputs.{})", input.name, ident(&input.name)));
        }
        for resource in graph.resources.iter().filter(|given| node.resources.contains(&given.name))
        {
            let Needed { name, ty, .. } = resource;
            let value = resources.get(name).cloned().unwrap_or_else(|| {
                let message = format!("a log keeps no resources: write a `{ty}` here");
                format!("compile_error!({message:?})")
            });
            setters.push(format!("resource::<{ty}>({name:?}, {value})"));
        }
        let bind =
            |param: &BoundValue| format!("params.{} = Some({})", ident(&param.name), param.value);
        match &*node.params {
            [] => {}
            [param] => setters.push(format!("params(|params| {})", bind(param))),
            params => {
                let binds = params.iter().map(|param| format!("            {};\n", bind(param)));
                setters
                    .push(format!("params(|params| {{\n{}        }})", binds.collect::<String>()));
            }
        }
        setters
    }
}

impl fmt::Display for TestSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fixture, graph, node, file, .. } = self;
        let name = self.name();
        let constant = name.to_uppercase();
        let json = if let Some(path) = file {
            format!("include_str!({path:?})")
        } else {
            writeln!(f, "const {constant}: &str = {};\n", raw(&fixture.to_json()))?;
            constant
        };
        writeln!(f, "/// Node `{}` at step {}{}", fixture.node, fixture.step, origin(fixture))?;
        writeln!(f, "#[tokio::test]")?;
        writeln!(f, "async fn {name}() -> Result<(), Box<dyn std::error::Error>> {{")?;
        writeln!(f, "    let fixture = burdock::testing::Fixture::from_json({json})?;")?;
        writeln!(f, "    let recorded = fixture.load::<{}>()?;", ident(&graph.name))?;
        if !node.inputs.is_empty() {
            writeln!(f, "    let inputs = recorded.inputs();")?;
        }
        write!(f, "    let test = {}::test(recorded.state())", node.action)?;
        let setters = self.setters();
        match &*setters {
            [only] if !only.contains('\n') && only.len() < 30 => write!(f, ".{only}")?,
            _ => setters.iter().try_for_each(|setter| write!(f, "\n        .{setter}"))?,
        }
        writeln!(f, ";")?;
        writeln!(f, "    recorded.compare(test).await?;")?;
        writeln!(f, "    Ok(())")?;
        writeln!(f, "}}")
    }
}

/// Returns the end of the doc comment: the session of the fixture.
fn origin(fixture: &Fixture) -> String {
    // a stored id may contain any character, including line breaks
    let id: String = fixture.session.as_str().escape_debug().take(60).collect();
    let id = id.replace('`', "'");
    format!(" of the session `{id}`, as it was recorded.")
}

/// Returns a text as a raw string literal.
fn raw(text: &str) -> String {
    let mut hashes = String::from("#");
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

/// The words that are identifiers only with `r#`.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Returns a name as an identifier.
fn ident(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.into() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{
        graph::Next,
        log::{CauseRecord, Offset, SessionId},
    };
    use serde_json::json;

    fn outline() -> Outline {
        serde_json::from_value(json!({
            "name": "Chatbot",
            "nodes": [
                {
                    "name": "Answer", "action": "actions::respond",
                    "inputs": ["type", "tag"], "resources": ["llm"],
                    "params": [
                        { "name": "preamble", "value": "\"Answer.\".into()" },
                        { "name": "most", "value": "10" },
                    ],
                },
                { "name": "rest", "action": "rest", "inputs": [], "resources": [], "params": [] },
            ],
            "inputs": [
                { "name": "type", "ty": "String", "optional": false },
                { "name": "other", "ty": "u8", "optional": false },
                { "name": "tag", "ty": "Option<Tag>", "optional": true },
            ],
            "resources": [
                { "name": "llm", "ty": "Llm<'static>", "optional": false },
                { "name": "clock", "ty": "Clock", "optional": false },
            ],
        }))
        .unwrap()
    }

    fn fixture(node: &str) -> Fixture {
        Fixture {
            format: 1,
            session: SessionId::stored("a`b\nc\u{202e}").unwrap(),
            offset: Offset(7),
            graph: "Chatbot".into(),
            run: 1,
            step: 3,
            node: node.into(),
            attempt: 2,
            version: 1,
            state: serde_json::Map::new(),
            inputs: json!({}),
            failure: None,
            items: Vec::new(),
            calls: std::collections::BTreeMap::new(),
            stopped: false,
            conclusion: Conclusion::Committed { patches: Vec::new(), next: Next::End },
        }
    }

    #[test]
    fn test_sets_exactly_the_inputs_resources_and_parameters_of_its_node() {
        let fixture = fixture("Answer");
        let test = fixture.test(outline()).unwrap().file("answer.json");
        assert_eq!(
            test.to_string(),
            r#"/// Node `Answer` at step 3 of the session `a'b\nc\u{202e}`, as it was recorded.
#[tokio::test]
async fn answer_at_step_3_in_attempt_2() -> Result<(), Box<dyn std::error::Error>> {
    let fixture = burdock::testing::Fixture::from_json(include_str!("answer.json"))?;
    let recorded = fixture.load::<Chatbot>()?;
    let inputs = recorded.inputs();
    let test = actions::respond::test(recorded.state())
        .input("type", inputs.r#type)
        .optional_input("tag", inputs.tag)
        .resource::<Llm<'static>>("llm", compile_error!("a log keeps no resources: write a `Llm<'static>` here"))
        .params(|params| {
            params.preamble = Some("Answer.".into());
            params.most = Some(10);
        });
    recorded.compare(test).await?;
    Ok(())
}
"#
        );
        let given = test.resource("llm", "Llm::offline()").to_string();
        assert!(given.contains(r#".resource::<Llm<'static>>("llm", Llm::offline())"#), "{given}");
    }

    #[test]
    fn fixture_without_a_file_is_a_valid_raw_string_literal() {
        let fixture = Fixture {
            items: vec![json!("a\"#b\"##c\u{202e}d\r\n")],
            conclusion: Conclusion::Failed { cause: CauseRecord::Timeout(7) },
            ..fixture("rest")
        };
        let text = fixture.test(outline()).unwrap().to_string();
        assert!(!text.contains(['\u{202e}', '\r']), "{text}");
        let head = "const REST_FAILS_AT_STEP_3_IN_ATTEMPT_2: &str = r###\"{\n";
        let (json, _) = text.strip_prefix(head).unwrap().split_once("\"###;\n").unwrap();
        assert_eq!(Fixture::from_json(&format!("{{{json}")).unwrap(), fixture);
        assert_eq!(Fixture::from_json(&fixture.to_json()).unwrap(), fixture);
    }

    #[test]
    fn unknown_node_is_an_error_with_its_name() {
        let error = fixture("gone").test(outline()).unwrap_err();
        let text = "the graph `Chatbot` has no node `gone`; its nodes are Answer, rest";
        assert_eq!(error.to_string(), text);
    }
}
