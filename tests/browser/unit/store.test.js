import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { absent, isTornBy, offsetOf, older, open, rebase, shown, steps, take, unknown } = await page("store");

const user = (text) => ({ role: "user", text });
const assistant = (text) => ({ role: "assistant", text });
const chat = (cursor, messages = [], { running = false, at = "rest" } = {}) => ({
  session: "a",
  cursor,
  messages,
  running,
  position: { at, node: "prompt" },
  title: "Chatbot",
});
const item = (text, step = 1) => ({ type: "item", step, node: "answer", attempt: 1, text, at: 5 });
const started = (prompt) => ({ type: "run_started", run: 1, node: "prompt", prompt, at: 1 });
const step = (number, node) => ({ type: "step_started", step: number, node, at: 2 });
const committed = (number, node, next) => ({ type: "step_committed", step: number, node, attempt: 1, next, state: {}, at: 9 });
const paused = { type: "run_paused", node: "prompt", at: 10 };
const failed = { type: "run_failed", node: "answer", error: "too hot", at: 10 };

/** Takes events whose ids begin behind `from`. */
function all(model, from, events) {
  const epoch = 1;
  let offset = from;
  for (const event of events) model = take(model, event, `${epoch}.${(offset += 1)}`);
  return model;
}

const talk = (model) => shown(model).map(({ role, text }) => `${role}: ${text}`);

test("what is said appears behind the history, word by word", () => {
  let model = rebase(unknown, chat("1.4", [user("hi"), assistant("hello")]));
  model = all(model, 4, [started("how are you"), step(4, "answer"), item("fine", 4), item(", thanks", 4)]);
  assert.deepEqual(talk(model), ["user: hi", "assistant: hello", "user: how are you", "assistant: fine, thanks"]);
  assert.equal(shown(model).at(-1).live, true);
  assert.equal(model.live.running, true);
  assert.equal(model.last, "1.8");
});

test("an event that was seen is seen once", () => {
  let model = rebase(unknown, chat("1.4"));
  model = take(model, item("a"), "1.5");
  assert.equal(take(model, item("a"), "1.5"), model);
  assert.equal(take(model, item("a"), "1.3"), model);
});

test("a history that covers what was said replaces it", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0), item("lo", 0)]);
  const before = talk(model);
  model = all(model, 8, [committed(0, "answer", { pause: "prompt" }), paused]);
  model = rebase(model, chat("1.9", [user("hi"), assistant("hello")]));
  assert.deepEqual(talk(model), before);
  assert.equal(model.live.running, false);
  assert.equal(open(model), null);
});

test("a history that is ahead of the stream is not said twice", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0)]);
  model = rebase(model, chat("1.9", [user("hi"), assistant("hello")]));
  model = all(model, 7, [item("lo", 0), committed(0, "answer", { pause: "prompt" }), paused]);
  assert.deepEqual(talk(model), ["user: hi", "assistant: hello"]);
  assert.equal(model.live.running, false);
  assert.deepEqual(steps(model).map(({ is }) => is), ["committed"]);
});

test("who comes in the middle sees what who was there sees", () => {
  const events = [started("hi"), step(0, "prompt"), committed(0, "prompt", { node: "answer" }), step(1, "answer"), item("one "), item("two")];
  const there = all(rebase(unknown, chat("1.4")), 4, events);
  let came = rebase(unknown, chat("1.7", [user("hi")], { running: true, at: "unfinished" }));
  came = all(came, 7, events.slice(3));
  assert.deepEqual(talk(came), talk(there));
  assert.equal(came.live.running, true);
});

test("superseded items are gone, and only those of their step", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [step(1, "answer"), item("a"), item("b"), item("c")]);
  model = take(model, { type: "items_superseded", step: 1, node: "answer", items: 2, at: 1 }, "1.9");
  assert.deepEqual(shown(model).map(({ text, dropped }) => [text, dropped]), [["a", "bc"]]);
  const other = take(model, { type: "items_superseded", step: 0, node: "answer", items: 9, at: 1 }, "1.10");
  assert.deepEqual(talk(other), ["assistant: a"]);
});

test("who saw fewer items than are superseded drops those", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [step(1, "answer"), item("a")]);
  model = take(model, { type: "items_superseded", step: 1, node: "answer", items: 3, at: 1 }, "1.8");
  assert.deepEqual(shown(model).map(({ text, dropped }) => [text, dropped]), [["", "a"]]);
  model = take(model, item("again"), "1.9");
  assert.deepEqual(shown(model).map(({ text, dropped }) => [text, dropped]), [["again", ""]]);
});

test("a failure is told with its reason, and can be tried again", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(1, "answer"), failed]);
  assert.deepEqual(open(model), { kind: "failed", error: "too hot", node: "answer", unfinished: true });
  model = rebase(model, chat("1.4", [], { at: "unfinished" }));
  assert.equal(open(model).error, "too hot");
  model = take(model, { type: "run_resumed", node: "answer", at: 11 }, "2.8");
  assert.equal(open(model), null);
  assert.equal(model.live.running, true);
});

test("a run whose process died is interrupted, and its words stay", () => {
  const model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0)]);
  const again = rebase(model, chat("1.4", [], { at: "unfinished" }));
  assert.deepEqual(open(again), { kind: "interrupted", unfinished: true });
  assert.deepEqual(talk(again), ["user: hi", "assistant: hel"]);
  assert.equal(steps(again).at(-1).is, "cut");
});

test("a run that began after the server was asked is not taken for dead", () => {
  const asked = rebase(unknown, chat("1.4"));
  const model = all(asked, 4, [started("hi"), step(0, "answer")]);
  assert.equal(rebase(model, chat("1.4"), asked).live.running, true);
});

test("a new run takes away what the unfinished one had only shown", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0), failed]);
  model = all(model, 8, [started("ho")]);
  assert.deepEqual(talk(model), ["user: hi", "user: ho"]);
});

test("rewound drops what is behind it, and what comes next counts", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("a", 0), item("b", 0)]);
  model = take(model, { type: "rewound", to: "1.7", at: 1 }, "1.7");
  assert.deepEqual(talk(model), ["user: hi", "assistant: a"]);
  assert.equal(model.last, "1.7");
  model = take(model, item("c", 0), "2.8");
  assert.deepEqual(talk(model), ["user: hi", "assistant: ac"]);
});

test("rewound behind the history tears it", () => {
  const model = rebase(unknown, chat("1.4", [user("hi")]));
  assert.equal(isTornBy(model, { type: "rewound", to: "1.2" }), true);
  assert.equal(isTornBy(model, { type: "rewound" }), true);
  assert.equal(isTornBy(model, { type: "rewound", to: "1.4" }), false);
});

test("a history that went back replaces everything", () => {
  const model = all(rebase(unknown, chat("1.9", [user("hi")])), 9, [started("ho")]);
  const again = rebase(model, chat("2.3", []));
  assert.deepEqual(talk(again), []);
  assert.equal(again.last, "2.3");
});

test("a stop keeps what was committed", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0)]);
  model = all(model, 7, [committed(0, "answer", { pause: "prompt" }), paused]);
  assert.deepEqual(talk(model), ["user: hi", "assistant: hel"]);
  assert.equal(shown(model).at(-1).live, false);
});

test("a run that stopped between two steps can go on; a session that ended can be opened", () => {
  const base = rebase(unknown, chat("1.4"));
  assert.equal(open(all(base, 4, [started("a"), { type: "run_stopped", node: "answer", at: 1 }])).kind, "stopped");
  const ended = all(base, 4, [started("a"), { type: "run_ended", at: 1 }]);
  assert.deepEqual(open(ended), { kind: "ended" });
  assert.equal(open(take(ended, { type: "session_reopened", node: "prompt", at: 1 }, "1.7")), null);
});

test("a retry that waits says why", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), step(0, "answer")]);
  model = take(model, { type: "attempt_failed", step: 0, node: "answer", error: "429", retry_in: 900, at: 7 }, "1.7");
  assert.equal(model.live.wait.error, "429");
  assert.equal(take(model, item("a", 0), "1.8").live.wait, null);
});

test("a session that begins is followed from its beginning, for its path", () => {
  const model = rebase(absent(unknown), chat("1.9", [user("hi"), assistant("hello")]));
  assert.equal(model.last, "");
  const later = all(model, 0, [started("hi"), step(0, "prompt"), committed(0, "prompt", { node: "answer" })]);
  assert.deepEqual(talk(later), ["user: hi", "assistant: hello"]);
  assert.deepEqual(steps(later).map(({ node, is }) => `${node} ${is}`), ["prompt committed"]);
});

test("a page that is loaded anew follows from where the last run began", () => {
  const model = rebase(unknown, { ...chat("1.9", [user("hi")]), run: "1.2" });
  assert.equal(model.last, "1.2");
  assert.equal(model.live.running, false);
});

test("an event without an id has its place behind the one before", () => {
  let model = all(rebase(unknown, chat("1.4")), 4, [started("hi"), committed(0, "answer", { pause: "prompt" })]);
  model = take(model, paused, undefined);
  assert.equal(model.last, "1.6");
  assert.equal(rebase(model, chat("1.6", [user("hi")], { running: true })).live.running, false);
});

test("older messages stay while the history agrees with them, and go where it does not", () => {
  const page = (first, texts, cursor = "1.4") => ({ ...chat(cursor, texts.map(user)), first });
  const texts = (model) => shown(model).map(({ text }) => text);
  let model = rebase(unknown, page(4, ["e", "f"]));
  model = older(model, page(2, ["c", "d"]));
  assert.deepEqual([texts(model), model.base.first], [["c", "d", "e", "f"], 2]);
  assert.equal(older(model, page(0, ["a"])), model, "a page that does not join");
  const kept = shown(model);
  const later = rebase(model, page(5, ["f", "g"], "1.9"));
  assert.deepEqual([texts(later), later.base.first], [["c", "d", "e", "f", "g"], 2]);
  assert.equal(shown(later)[0], kept[0], "a message that did not change is the same object");
  const joined = rebase(model, page(6, ["g", "h"], "1.9"));
  assert.deepEqual(texts(joined), ["c", "d", "e", "f", "g", "h"]);
  const gap = rebase(model, page(7, ["h"], "1.9"));
  assert.deepEqual([texts(gap), gap.base.first], [["h"], 7]);
  const rewritten = rebase(model, page(5, ["F", "g"], "1.9"));
  assert.deepEqual([texts(rewritten), rewritten.base.first], [["F", "g"], 5]);
  const back = rebase(model, page(4, ["e"], "1.2"));
  assert.deepEqual([texts(back), back.base.first], [["e"], 4]);
});

test("an answer of many pieces is held once", () => {
  let model = rebase(unknown, chat("1.4"));
  model = all(model, 4, [started("hi"), step(1, "answer"), ...Array.from({ length: 20_000 }, () => item("x".repeat(10)))]);
  const answer = shown(model).at(-1);
  assert.equal(answer.text.length, 200_000);
  assert.equal(answer.pieces.text.length, 10);
  assert.equal(answer.pieces.length, 200_000);
});

test("cursors", () => {
  assert.equal(offsetOf("3.14"), 14);
  assert.equal(offsetOf(""), -1);
  assert.equal(offsetOf(undefined), -1);
  assert.equal(offsetOf("latest"), -1);
});
