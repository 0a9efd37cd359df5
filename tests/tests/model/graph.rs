//! The program under test: actions that follow a script, in a graph with every feature.

use burdock::{ActionError, Context, Failure, Retry, prelude::*, run::SubRun};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    future::pending,
    panic::resume_unwind,
    sync::{Arc, Mutex},
    time::Duration,
};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    pub done: Vector<String>,
    pub turns: u32,
    pub reply: Slot<String>,
}

/// One instruction for an action, before it commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Yields the next number, and returns after a stop.
    Item,
    /// Yields a value that JSON cannot represent.
    BadItem,
    Fail,
    FailTerminally,
    Panic,
    /// Waits for this number of seconds.
    Sleep(u8),
    Hang,
    AwaitStop,
    /// Makes a call, under the next key of the attempt.
    Call,
    /// Makes a call that takes a second.
    SlowCall,
    /// Runs a child, and forwards its items if the action yields.
    Child,
    /// Runs two children at the same time.
    Children,
}

/// The instructions for the next attempts, of any node. Attempts beyond these only commit.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<(VecDeque<Vec<Act>>, u32)>>, Arc<Mutex<Vec<Called>>>);

/// A call that has returned, or a child that has ended.
#[derive(Clone, Debug)]
pub struct Called {
    pub session: String,
    pub step: u64,
    pub key: String,
    pub result: Value,
}

impl Script {
    pub fn set(&self, calls: &[Vec<Act>]) {
        self.0.lock().unwrap().0 = calls.iter().cloned().collect();
    }

    fn call(&self) -> Vec<Act> {
        self.0.lock().unwrap().0.pop_front().unwrap_or_default()
    }

    fn number(&self) -> u32 {
        let mut script = self.0.lock().unwrap();
        script.1 += 1;
        script.1
    }

    fn item(&self) -> f64 {
        f64::from(self.number())
    }

    /// The calls that have returned so far.
    pub fn called(&self) -> Vec<Called> {
        self.1.lock().unwrap().clone()
    }

    /// Makes a call, whose result is a number that no other call has.
    async fn make(&self, calls: &mut u32, delay: Duration, cx: &Context) -> Result<()> {
        *calls += 1;
        let (key, step) = (calls.to_string(), cx.step());
        let effect = async {
            if !delay.is_zero() {
                cx.sleep(delay).await;
            }
            Ok::<_, ActionError>(self.number())
        };
        let result = json!(cx.once(key.as_str(), effect).await?);
        let session = cx.session().to_owned();
        self.1.lock().unwrap().push(Called { session, step, key, result });
        Ok(())
    }

    /// Records that a child has ended.
    fn ended(&self, key: &str, page: &Page, cx: &Context) {
        let (session, key) = (cx.session().to_owned(), format!("paper/{key}"));
        let (step, result) = (cx.step(), json!(page.lines));
        self.1.lock().unwrap().push(Called { session, step, key, result });
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    pub lines: Vec<u32>,
}

/// Writes the next number.
#[streaming_action(state = Page, reads(lines), writes(lines), yields(f64))]
pub async fn scribble(page: Reads<'_>, #[resource] script: &Script) -> Result<Writes> {
    let number = script.number();
    yield_!(f64::from(number));
    let mut lines = page.lines.clone();
    lines.push(number);
    Ok(Writes { lines })
}

graph! {
    /// A child: two numbers that no other has.
    pub Paper(Page) {
        resources { script: Script }
        yields f64;
        nodes { first: scribble, second: scribble }
        start first;
        first -> second;
        second -> end;
    }
}

/// The tools of the acts of an attempt.
struct Acting<'a> {
    script: &'a Script,
    paper: Sub<'a, Paper>,
    cx: &'a Context,
    /// The number of keys that were used.
    calls: u32,
}

impl<'a> Acting<'a> {
    fn new(script: &'a Script, paper: Sub<'a, Paper>, cx: &'a Context) -> Self {
        Self { script, paper, cx, calls: 0 }
    }

    fn child(&mut self) -> (String, SubRun<'a, Paper>) {
        self.calls += 1;
        let key = self.calls.to_string();
        let run = self.paper.run(&key, PaperInputs {});
        (key, run)
    }

    async fn act(&mut self, next: Act) -> Result<()> {
        let (script, cx) = (self.script, self.cx);
        match next {
            Act::Child => {
                let (key, run) = self.child();
                script.ended(&key, run.await?.state(), cx);
                Ok(())
            }
            Act::Children => {
                self.calls += 2;
                let keys =
                    [self.calls - 1, self.calls].map(|key| (key.to_string(), PaperInputs {}));
                for (key, end) in self.paper.each(keys).finish().await? {
                    script.ended(&key, end.state(), cx);
                }
                Ok(())
            }
            other => act(other, script, &mut self.calls, cx).await,
        }
    }
}

async fn act(act: Act, script: &Script, calls: &mut u32, cx: &Context) -> Result<()> {
    match act {
        Act::Call => script.make(calls, Duration::ZERO, cx).await?,
        Act::SlowCall => script.make(calls, Duration::from_secs(1), cx).await?,
        Act::Item | Act::BadItem | Act::Child | Act::Children => {}
        Act::Fail => return Err(ActionError::msg("later, perhaps")),
        Act::FailTerminally => return Err(ActionError::msg("never").terminal()),
        // unlike `panic!`, this prints nothing
        Act::Panic => resume_unwind(Box::new("oh")),
        Act::Sleep(seconds) => cx.sleep(Duration::from_secs(seconds.into())).await,
        Act::Hang => pending().await,
        Act::AwaitStop => cx.stopped().await,
    }
    Ok(())
}

#[action(state = Ledger, reads(done, turns), writes(done, turns))]
pub async fn take(
    ledger: Reads<'_>,
    #[input] text: &String,
    #[resource] script: &Script,
    #[graph] paper: Sub<'_, Paper>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut acting = Acting::new(script, paper, cx);
    for next in script.call() {
        acting.act(next).await?;
    }
    let mut done = ledger.done.clone();
    done.push_back(format!("took {text}"));
    Ok(Writes { done, turns: ledger.turns + 1 })
}

#[streaming_action(state = Ledger, reads(done, turns), writes(done, reply), yields(f64))]
pub async fn answer(
    ledger: Reads<'_>,
    #[resource] script: &Script,
    #[graph] paper: Sub<'_, Paper>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut acting = Acting::new(script, paper, cx);
    for next in script.call() {
        if next == Act::Child {
            let (key, mut run) = acting.child();
            while let Some(item) = run.next().await {
                yield_!(item?);
            }
            script.ended(&key, run.finish().await?.state(), cx);
            continue;
        }
        acting.act(next).await?;
        let item = match next {
            Act::Item => script.item(),
            Act::BadItem => f64::NAN,
            _ => continue,
        };
        if yield_!(item).is_stop() {
            break;
        }
    }
    let mut done = ledger.done.clone();
    if done.len() > 8 {
        done.truncate(3);
    }
    done.push_back("answered".into());
    Ok(Writes { done, reply: format!("reply {}", ledger.turns) })
}

#[action(state = Ledger, reads(done, reply), writes(done))]
pub async fn judge(
    ledger: Reads<'_>,
    #[resource] script: &Script,
    #[graph] paper: Sub<'_, Paper>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut acting = Acting::new(script, paper, cx);
    for next in script.call() {
        acting.act(next).await?;
    }
    let mut done = ledger.done.clone();
    done.push_back(format!("judged {}", ledger.reply));
    Ok(Writes { done })
}

#[streaming_action(state = Ledger, reads(done), writes(done), yields(f64))]
pub async fn rescue(
    ledger: Reads<'_>,
    #[resource] script: &Script,
    #[graph] paper: Sub<'_, Paper>,
    #[error] failure: &Failure,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut acting = Acting::new(script, paper, cx);
    for next in script.call() {
        acting.act(next).await?;
        if next == Act::Item {
            yield_!(script.item());
        }
    }
    let mut done = ledger.done.clone();
    done.push_back(format!("rescued {}", failure.node()));
    Ok(Writes { done })
}

graph! {
    pub Book(Ledger) {
        inputs { text: String }
        resources { script: Script }
        yields f64;
        nodes {
            take,
            #[timeout(Duration::from_secs(3))]
            #[retry(Retry::times(1).first(Duration::from_secs(1)).superseding())]
            answer,
            judge,
            #[retry(Retry::times(1).first(Duration::from_secs(1)))]
            rescue,
        }
        start take;
        take -> answer;
        answer -> judge;
        judge -> match state.turns % 4 { 0 => end, 1 => pause, 2 => take, _ => pause answer };
        rescue -> if state.turns % 2 == 0 { answer } else { pause answer };
        on error answer -> if state.turns % 2 == 0 { rescue } else { pause rescue };
        on error judge -> pause rescue;
        on error rescue -> end;
    }
}
