//! Compares reachability with a search for paths, on many small graphs.

use super::model::NodeId;
use super::tests::{compile, tokens};

/// A deterministic pseudorandom number generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }
}

/// A graph as a matrix of edges, and the nodes that can pause or end.
struct Sketch {
    edges: Vec<Vec<bool>>,
    stops: Vec<bool>,
    source: String,
}

fn sketch(numbers: &mut Numbers) -> Sketch {
    let size = 1 + numbers.below(6);
    let (mut edges, mut stops) = (vec![vec![false; size]; size], vec![false; size]);
    let mut statements = Vec::new();
    for node in 0..size {
        let mut arms = Vec::new();
        for arm in 0..=numbers.below(2) {
            let to = numbers.below(size);
            let target = match numbers.below(9) {
                0 => "end".to_owned(),
                1 => format!("pause n{to}"),
                _ => format!("n{to}"),
            };
            stops[node] |= !target.starts_with('n');
            edges[node][to] |= target != "end";
            arms.push(format!("{arm} => {target}"));
        }
        let arms = arms.join(", ");
        statements.push(format!("n{node} -> match state.x {{ {arms} }};"));
        let to = numbers.below(size);
        if to != node && numbers.below(5) == 0 {
            edges[node][to] = true;
            statements.push(format!("on error n{node} -> n{to};"));
        }
    }
    let nodes: Vec<String> = (0..size).map(|node| format!("n{node}")).collect();
    let (nodes, statements) = (nodes.join(", "), statements.join(" "));
    let source = format!("G(S) {{ nodes {{ {nodes} }} start n0; {statements} }}");
    Sketch { edges, stops, source }
}

#[test]
fn reachability_agrees_with_a_search_for_paths() {
    let mut numbers = Numbers(7);
    let (mut valid, mut invalid) = (0, 0);
    for _ in 0..3000 {
        let Sketch { edges: mut paths, stops, source } = sketch(&mut numbers);
        let size = stops.len();
        for (node, row) in paths.iter_mut().enumerate() {
            row[node] = true;
        }
        for middle in 0..size {
            for from in 0..size {
                for to in 0..size {
                    paths[from][to] |= paths[from][middle] && paths[middle][to];
                }
            }
        }
        let faulty = (0..size).filter(|&node| {
            let stuck = !(0..size).any(|other| paths[node][other] && stops[other]);
            stuck || !paths[0][node]
        });
        let (graph, errors) = compile(tokens(&source));
        let text = errors.join("\n");
        let reported = (0..size).filter(|node| text.contains(&format!("`n{node}`")));
        assert_eq!(reported.collect::<Vec<_>>(), faulty.collect::<Vec<_>>(), "{source}\n{text}");
        if let Some(graph) = graph {
            assert_eq!(graph.order.len(), size, "{source}");
            assert_eq!(graph.order.first(), Some(&NodeId(0)), "{source}");
            valid += 1;
        } else {
            invalid += 1;
        }
    }
    assert!(valid > 300 && invalid > 300, "{valid} valid and {invalid} invalid graphs");
}
