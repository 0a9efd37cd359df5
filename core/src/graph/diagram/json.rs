//! The graph as JSON, for clients and tools, with names instead of indices.

use super::nested::child_graphs;
use crate::{
    graph::{
        ChildInfo,
        topology::{BindingInfo, Edge, EdgeEnd, NodeInfo, Topology},
    },
    state::FieldInfo,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

impl Serialize for Topology {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        describe(self).serialize(serializer)
    }
}

/// Returns the description of a graph, with those of the graphs that its nodes run as children, and theirs, each once.
pub(super) fn describe(topology: &Topology) -> Value {
    let mut graph = describe_graph(topology);
    let children = child_graphs(topology);
    if !children.is_empty() {
        graph["graphs"] = children.iter().map(describe_graph).collect();
    }
    graph
}

fn describe_graph(topology: &Topology) -> Value {
    let mut graph = shape(topology);
    graph["docs"] = topology.docs.into();
    let nodes = graph["nodes"].as_array_mut().into_iter().flatten();
    for ((index, info), node) in topology.nodes.iter().enumerate().zip(nodes) {
        let inputs = topology.inputs(index).map(|input| input.name);
        let resources = topology.resources(index).map(|resource| resource.name);
        node["docs"] = info.docs.into();
        node["inputs"] = inputs.collect();
        node["resources"] = resources.collect();
        node["params"] = json!(info.params);
    }
    graph["inputs"] = json!(topology.inputs);
    graph["fields"] = json!(topology.fields);
    graph
}

/// Returns the part of the description that is hashed. Every session records the hash, so additions to the
/// description for tools and changes of comments must not change it.
pub(super) fn shape(topology: &Topology) -> Value {
    let nodes = topology.nodes.iter().enumerate();
    let edges = topology.edges.iter();
    json!({
        "name": topology.name,
        "state": topology.state,
        "start": topology.node_name(topology.start),
        "nodes": nodes.map(|(index, node)| describe_node(topology, index, node)).collect::<Value>(),
        "edges": edges.map(|edge| describe_edge(topology, edge)).collect::<Value>(),
        "inputs": topology.inputs.iter().map(describe_binding).collect::<Value>(),
        "resources": topology.resources.iter().map(describe_binding).collect::<Value>(),
        "yields": topology.yields,
        "fields": topology.fields.iter().map(describe_field).collect::<Value>(),
    })
}

fn describe_node(topology: &Topology, index: usize, node: &NodeInfo) -> Value {
    let mut described = json!({
        "name": node.name,
        "action": node.action,
        "reads": topology.reads(index).collect::<Value>(),
        "writes": topology.writes(index).collect::<Value>(),
        "streams": node.streams,
    });
    // only if there are any, because sessions have recorded hashes without it
    if !node.optional_writes.is_empty() {
        described["optional_writes"] = topology.optional_writes(index).collect();
    }
    // absent without children: the hash of a graph that has none has never contained it
    if !node.graphs.is_empty() {
        let child =
            |child: &ChildInfo| json!({ "name": child.name, "graph": child.topology().name });
        described["graphs"] = node.graphs.iter().map(child).collect();
    }
    described
}

fn describe_binding(binding: &BindingInfo) -> Value {
    json!({ "name": binding.name, "ty": binding.ty, "optional": binding.optional })
}

fn describe_field(field: &FieldInfo) -> Value {
    json!({ "name": field.name, "key": field.key, "ty": field.ty, "slot": field.slot })
}

fn describe_edge(topology: &Topology, edge: &Edge) -> Value {
    let to = match edge.to {
        EdgeEnd::Node(node) => json!({ "kind": "node", "node": topology.node_name(node) }),
        EdgeEnd::Pause(node) => json!({ "kind": "pause", "node": topology.node_name(node) }),
        EdgeEnd::End => json!({ "kind": "end" }),
    };
    json!({
        "from": topology.node_name(edge.from),
        "to": to,
        "label": edge.label,
        "kind": edge.kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::diagram::sample::{CHATBOT, NASTY, nasty};

    #[test]
    fn the_chatbot_is_described() {
        let expected = json!({
            "name": "Chatbot",
            "docs": "Answers a prompt in the mode that fits it.\n\nRefuses unsafe prompts.",
            "state": "Chat",
            "start": "prompt",
            "nodes": [
                {
                    "name": "prompt", "action": "take_prompt", "docs": "", "streams": false,
                    "reads": ["history"], "writes": ["history", "prompt"],
                    "inputs": [], "resources": [], "params": [],
                },
                {
                    "name": "check_safety", "action": "check_safety", "docs": "", "streams": false,
                    "reads": ["prompt"], "writes": ["safe"],
                    "inputs": [], "resources": [], "params": [],
                },
                {
                    "name": "farewell", "action": "farewell", "docs": "", "streams": false,
                    "reads": [], "writes": [],
                    "inputs": [], "resources": [], "params": [],
                },
                {
                    "name": "answer", "action": "respond", "docs": "", "streams": true,
                    "reads": ["history"], "writes": ["history", "reply"],
                    "inputs": [], "resources": [], "params": [],
                },
            ],
            "edges": [
                {
                    "from": "prompt", "to": { "kind": "node", "node": "check_safety" },
                    "label": null, "kind": "transition",
                },
                {
                    "from": "check_safety", "to": { "kind": "node", "node": "answer" },
                    "label": "state.safe", "kind": "transition",
                },
                {
                    "from": "check_safety", "to": { "kind": "node", "node": "farewell" },
                    "label": "else", "kind": "transition",
                },
                {
                    "from": "answer", "to": { "kind": "pause", "node": "prompt" },
                    "label": null, "kind": "transition",
                },
                {
                    "from": "answer", "to": { "kind": "node", "node": "farewell" },
                    "label": null, "kind": "error",
                },
                { "from": "farewell", "to": { "kind": "end" }, "label": null, "kind": "transition" },
            ],
            "inputs": [{ "name": "prompt", "ty": "String", "optional": false, "public": false }],
            "resources": [{ "name": "llm", "ty": "Llm", "optional": false }],
            "yields": "Delta",
            "fields": [
                { "name": "history", "key": "history", "ty": "Vector<Message>", "docs": "", "slot": false, "public": false },
                { "name": "prompt", "key": "prompt", "ty": "Slot<String>", "docs": "", "slot": true, "public": false },
                { "name": "safe", "key": "safe", "ty": "Slot<bool>", "docs": "", "slot": true, "public": false },
                { "name": "reply", "key": "reply", "ty": "Slot<Message>", "docs": "", "slot": true, "public": false },
            ],
        });
        assert_eq!(CHATBOT.json(), expected);
    }

    #[test]
    fn docs_and_former_names_do_not_change_the_hash() {
        let nodes: Vec<_> =
            CHATBOT.nodes.iter().map(|node| NodeInfo { docs: "Edited.", ..*node }).collect();
        let fields: Vec<_> =
            CHATBOT.fields.iter().map(|field| FieldInfo { docs: "Edited.", ..*field }).collect();
        let edited = Topology {
            docs: "Edited.",
            former_names: &["Bot"],
            nodes: nodes.leak(),
            fields: fields.leak(),
            ..CHATBOT
        };
        assert_eq!(edited.hash(), CHATBOT.hash());
        assert_ne!(edited.json(), CHATBOT.json());
        for changed in [
            Topology { name: "Bot", ..CHATBOT },
            Topology { edges: &CHATBOT.edges[1..], ..CHATBOT },
            Topology { fields: &CHATBOT.fields[1..], ..CHATBOT },
        ] {
            assert_ne!(changed.hash(), CHATBOT.hash());
        }
    }

    #[test]
    fn the_hash_does_not_depend_on_features_of_dependencies() {
        assert_eq!(format!("{:016x}", CHATBOT.hash()), "c7e177e02a3c92ff");
    }

    #[test]
    fn serializes_as_its_json() {
        assert_eq!(json!(CHATBOT), CHATBOT.json());
    }

    #[test]
    fn labels_are_read_back_unchanged() -> Result<(), serde_json::Error> {
        let back: Value = serde_json::from_str(&nasty().json().to_string())?;
        for (index, label) in NASTY.iter().enumerate() {
            assert_eq!(back["edges"][index]["label"], *label);
        }
        Ok(())
    }
}
