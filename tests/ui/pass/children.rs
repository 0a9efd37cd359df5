//! Arguments with `#[graph]` in every form.
#![deny(warnings)]

mod inner {
    use burdock::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Count {
        pub count: u32,
    }

    #[derive(Clone)]
    pub struct Step(pub u32);

    #[streaming_action(state = Count, reads(count), writes(count), yields(u32))]
    pub async fn add(
        count: Reads<'_>,
        #[resource] r#type: &Step,
        #[input] by: u32,
    ) -> Result<Writes> {
        yield_!(by);
        Ok(Writes { count: count.count + by * r#type.0 })
    }

    graph! {
        pub Adding(Count) {
            inputs { by: u32 }
            resources { r#type: Step }
            yields u32;
            nodes { add }
            start add;
            add -> end;
        }
    }
}

use burdock::{Context, prelude::*};
use inner::{Adding, AddingInputs, Count, Step};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sums {
    sums: Vec<u32>,
    depth: u32,
}

fn inputs(by: u32) -> AddingInputs {
    AddingInputs { by }
}

/// By a path, a raw name, two arguments of one graph, and with every other kind of argument.
#[streaming_action(state = Sums, reads(sums), writes(sums), yields(u32))]
async fn every_form(
    sums: Reads<'_>,
    #[graph] r#match: burdock::run::Sub<'_, inner::Adding>,
    #[input] more: &Vec<u32>,
    #[graph] other: Sub<'_, Adding, { 1 + 1 }>,
    #[resource] r#type: &Step,
    #[context] cx: &Context,
    #[param(default = 3)] parameter: u32,
) -> Result<Writes> {
    let mut all = sums.sums.clone();
    let end = r#match.run("one", inputs(parameter)).await?;
    all.push(end.state().count);
    let end =
        r#match.run_from(format!("two {}", cx.step()), Count { count: 10 }, inputs(1)).await?;
    all.push(end.into_state().count);
    let mut run = other.run("one", inputs(5));
    while let Some(item) = run.next().await {
        yield_!(item?);
    }
    all.push(run.finish().await?.state().count);
    let mut runs =
        other.clone().each(more.iter().map(|by| (by.to_string(), inputs(*by)))).at_most(2);
    while let Some(event) = runs.next().await {
        match event? {
            SubEvent::Item { key, node, item, .. } => {
                assert_eq!((&*key, node.name()), (&*item.to_string(), "add"));
                yield_!(item);
            }
            SubEvent::Ended { .. } => {}
            _ => {}
        }
    }
    all.extend(runs.ends().map(|(_, end)| end.state().count));
    let given = other.each([("given", Count { count: r#type.0 }, inputs(0))]);
    all.extend(given.finish().await?.iter().map(|(_, end)| end.state().count));
    Ok(Writes { sums: all })
}

graph! {
    /// It has the resource of its children, and uses it itself.
    Summing(Sums) {
        inputs { more: Vec<u32> }
        resources { r#type: Step }
        yields u32;
        nodes { every_form }
        start every_form;
        every_form -> end;
    }
}

/// Two graphs that run each other.
#[action(state = Sums, reads(depth), writes(depth))]
async fn ping(sums: Reads<'_>, #[graph] pong: Sub<'_, Pong, 2>) -> Result<Writes> {
    let depth = *sums.depth;
    if depth == 0 {
        return Ok(Writes { depth });
    }
    let start = Sums { sums: Vec::new(), depth: depth - 1 };
    Ok(Writes { depth: pong.run_from("pong", start, PongInputs {}).await?.state().depth + 1 })
}

#[action(state = Sums, reads(depth), writes(depth))]
async fn pong(sums: Reads<'_>, #[graph] ping: Sub<'_, Ping, 2>) -> Result<Writes> {
    let start = Sums { sums: Vec::new(), depth: sums.depth.saturating_sub(1) };
    Ok(Writes { depth: ping.run_from("ping", start, PingInputs {}).await?.state().depth + 1 })
}

graph! {
    Ping(Sums) { nodes { ping } start ping; ping -> end; }
}

graph! {
    pub(crate) Pong(Sums) { nodes { pong } start pong; pong -> end; }
}

#[tokio::test]
async fn children_in_every_form_run() {
    let resources = SummingResources { r#type: Step(2) };
    let sums = Summing::run_once(resources, SummingInputs { more: vec![1, 4] }).await.unwrap();
    assert_eq!(sums.sums, [6, 12, 10, 2, 8, 2]);
    let nested = async |depth| {
        let mut app = Ping::app().state(Sums { sums: Vec::new(), depth }).build().await.unwrap();
        Ok::<_, burdock::RunError>(app.run(PingInputs {}).await?.state().depth)
    };
    assert_eq!(nested(4).await.unwrap(), 4);
    assert!(nested(9).await.is_err());
}
