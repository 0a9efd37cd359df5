import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { absent, invalidatesHistory, offsetOf, prependOlder, noticeOf, applyHistory, messagesOf, steps, applyEvent, initial } = await page("store");

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

/** Applies events with the offsets after `from`. */
function applyAll(model, from, events) {
  const epoch = 1;
  let offset = from;
  for (const event of events) model = applyEvent(model, event, `${epoch}.${(offset += 1)}`);
  return model;
}

const talk = (model) => messagesOf(model).map(({ role, text }) => `${role}: ${text}`);

test("new messages appear after the history, word by word", () => {
  let model = applyHistory(initial, chat("1.4", [user("hi"), assistant("hello")]));
  model = applyAll(model, 4, [started("how are you"), step(4, "answer"), item("fine", 4), item(", thanks", 4)]);
  assert.deepEqual(talk(model), ["user: hi", "assistant: hello", "user: how are you", "assistant: fine, thanks"]);
  assert.equal(messagesOf(model).at(-1).live, true);
  assert.equal(model.live.running, true);
  assert.equal(model.cursor, "1.8");
});

test("a duplicate event is ignored", () => {
  let model = applyHistory(initial, chat("1.4"));
  model = applyEvent(model, item("a"), "1.5");
  assert.equal(applyEvent(model, item("a"), "1.5"), model);
  assert.equal(applyEvent(model, item("a"), "1.3"), model);
});

test("a history that includes the live messages replaces them", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0), item("lo", 0)]);
  const before = talk(model);
  model = applyAll(model, 8, [committed(0, "answer", { pause: "prompt" }), paused]);
  model = applyHistory(model, chat("1.9", [user("hi"), assistant("hello")]));
  assert.deepEqual(talk(model), before);
  assert.equal(model.live.running, false);
  assert.equal(noticeOf(model), null);
});

test("events already included in the history are not shown twice", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0)]);
  model = applyHistory(model, chat("1.9", [user("hi"), assistant("hello")]));
  model = applyAll(model, 7, [item("lo", 0), committed(0, "answer", { pause: "prompt" }), paused]);
  assert.deepEqual(talk(model), ["user: hi", "assistant: hello"]);
  assert.equal(model.live.running, false);
  assert.deepEqual(steps(model).map(({ status }) => status), ["committed"]);
});

test("a page opened during a run shows the same as one opened before it", () => {
  const events = [started("hi"), step(0, "prompt"), committed(0, "prompt", { node: "answer" }), step(1, "answer"), item("one "), item("two")];
  const before = applyAll(applyHistory(initial, chat("1.4")), 4, events);
  let during = applyHistory(initial, chat("1.7", [user("hi")], { running: true, at: "unfinished" }));
  during = applyAll(during, 7, events.slice(3));
  assert.deepEqual(talk(during), talk(before));
  assert.equal(during.live.running, true);
});

test("superseded items are dropped, and only those of their step", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [step(1, "answer"), item("a"), item("b"), item("c")]);
  model = applyEvent(model, { type: "items_superseded", step: 1, node: "answer", items: 2, at: 1 }, "1.9");
  assert.deepEqual(messagesOf(model).map(({ text, dropped }) => [text, dropped]), [["a", "bc"]]);
  const other = applyEvent(model, { type: "items_superseded", step: 0, node: "answer", items: 9, at: 1 }, "1.10");
  assert.deepEqual(talk(other), ["assistant: a"]);
});

test("superseding more items than were received drops those received", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [step(1, "answer"), item("a")]);
  model = applyEvent(model, { type: "items_superseded", step: 1, node: "answer", items: 3, at: 1 }, "1.8");
  assert.deepEqual(messagesOf(model).map(({ text, dropped }) => [text, dropped]), [["", "a"]]);
  model = applyEvent(model, item("again"), "1.9");
  assert.deepEqual(messagesOf(model).map(({ text, dropped }) => [text, dropped]), [["again", ""]]);
});

test("a failure has a reason and can be retried", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(1, "answer"), failed]);
  assert.deepEqual(noticeOf(model), { kind: "failed", error: "too hot", node: "answer", unfinished: true });
  model = applyHistory(model, chat("1.4", [], { at: "unfinished" }));
  assert.equal(noticeOf(model).error, "too hot");
  model = applyEvent(model, { type: "run_resumed", node: "answer", at: 11 }, "2.8");
  assert.equal(noticeOf(model), null);
  assert.equal(model.live.running, true);
});

test("a run whose process died is interrupted, and its text stays", () => {
  const model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0)]);
  const again = applyHistory(model, chat("1.4", [], { at: "unfinished" }));
  assert.deepEqual(noticeOf(again), { kind: "interrupted", unfinished: true });
  assert.deepEqual(talk(again), ["user: hi", "assistant: hel"]);
  assert.equal(steps(again).at(-1).status, "unfinished");
});

test("a run started after the request is not considered interrupted", () => {
  const requested = applyHistory(initial, chat("1.4"));
  const model = applyAll(requested, 4, [started("hi"), step(0, "answer")]);
  assert.equal(applyHistory(model, chat("1.4"), requested).live.running, true);
});

test("a new run removes the uncommitted text of an unfinished one", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0), failed]);
  model = applyAll(model, 8, [started("ho")]);
  assert.deepEqual(talk(model), ["user: hi", "user: ho"]);
});

test("rewound drops later events, and the next events are applied", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("a", 0), item("b", 0)]);
  model = applyEvent(model, { type: "rewound", to: "1.7", at: 1 }, "1.7");
  assert.deepEqual(talk(model), ["user: hi", "assistant: a"]);
  assert.equal(model.cursor, "1.7");
  model = applyEvent(model, item("c", 0), "2.8");
  assert.deepEqual(talk(model), ["user: hi", "assistant: ac"]);
});

test("rewound to before the history invalidates it", () => {
  const model = applyHistory(initial, chat("1.4", [user("hi")]));
  assert.equal(invalidatesHistory(model, { type: "rewound", to: "1.2" }), true);
  assert.equal(invalidatesHistory(model, { type: "rewound" }), true);
  assert.equal(invalidatesHistory(model, { type: "rewound", to: "1.4" }), false);
});

test("an older history replaces everything", () => {
  const model = applyAll(applyHistory(initial, chat("1.9", [user("hi")])), 9, [started("ho")]);
  const again = applyHistory(model, chat("2.3", []));
  assert.deepEqual(talk(again), []);
  assert.equal(again.cursor, "2.3");
});

test("a stop keeps what was committed", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(0, "answer"), item("hel", 0)]);
  model = applyAll(model, 7, [committed(0, "answer", { pause: "prompt" }), paused]);
  assert.deepEqual(talk(model), ["user: hi", "assistant: hel"]);
  assert.equal(messagesOf(model).at(-1).live, false);
});

test("a stopped run can be continued, and an ended session can be reopened", () => {
  const base = applyHistory(initial, chat("1.4"));
  assert.equal(noticeOf(applyAll(base, 4, [started("a"), { type: "run_stopped", node: "answer", at: 1 }])).kind, "stopped");
  const ended = applyAll(base, 4, [started("a"), { type: "run_ended", at: 1 }]);
  assert.deepEqual(noticeOf(ended), { kind: "ended" });
  assert.equal(noticeOf(applyEvent(ended, { type: "session_reopened", node: "prompt", at: 1 }, "1.7")), null);
});

test("a pending retry has a reason", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), step(0, "answer")]);
  model = applyEvent(model, { type: "attempt_failed", step: 0, node: "answer", error: "429", retry_in: 900, at: 7 }, "1.7");
  assert.equal(model.live.retry.error, "429");
  assert.equal(applyEvent(model, item("a", 0), "1.8").live.retry, null);
});

test("a new session is followed from its start, for its path", () => {
  const model = applyHistory(absent(initial), chat("1.9", [user("hi"), assistant("hello")]));
  assert.equal(model.cursor, "");
  const later = applyAll(model, 0, [started("hi"), step(0, "prompt"), committed(0, "prompt", { node: "answer" })]);
  assert.deepEqual(talk(later), ["user: hi", "assistant: hello"]);
  assert.deepEqual(steps(later).map(({ node, status }) => `${node} ${status}`), ["prompt committed"]);
});

test("a reloaded page follows from the start of the last run", () => {
  const model = applyHistory(initial, { ...chat("1.9", [user("hi")]), run: "1.2" });
  assert.equal(model.cursor, "1.2");
  assert.equal(model.live.running, false);
});

test("an event without an id is placed after the previous one", () => {
  let model = applyAll(applyHistory(initial, chat("1.4")), 4, [started("hi"), committed(0, "answer", { pause: "prompt" })]);
  model = applyEvent(model, paused, undefined);
  assert.equal(model.cursor, "1.6");
  assert.equal(applyHistory(model, chat("1.6", [user("hi")], { running: true })).live.running, false);
});

test("older messages are kept if the history agrees with them, and dropped otherwise", () => {
  const page = (first, texts, cursor = "1.4") => ({ ...chat(cursor, texts.map(user)), first });
  const texts = (model) => messagesOf(model).map(({ text }) => text);
  let model = applyHistory(initial, page(4, ["e", "f"]));
  model = prependOlder(model, page(2, ["c", "d"]));
  assert.deepEqual([texts(model), model.base.first], [["c", "d", "e", "f"], 2]);
  assert.equal(prependOlder(model, page(0, ["a"])), model, "a page that is not adjacent");
  const kept = messagesOf(model);
  const later = applyHistory(model, page(5, ["f", "g"], "1.9"));
  assert.deepEqual([texts(later), later.base.first], [["c", "d", "e", "f", "g"], 2]);
  assert.equal(messagesOf(later)[0], kept[0], "a message that did not change is the same object");
  const joined = applyHistory(model, page(6, ["g", "h"], "1.9"));
  assert.deepEqual(texts(joined), ["c", "d", "e", "f", "g", "h"]);
  const gap = applyHistory(model, page(7, ["h"], "1.9"));
  assert.deepEqual([texts(gap), gap.base.first], [["h"], 7]);
  const rewritten = applyHistory(model, page(5, ["F", "g"], "1.9"));
  assert.deepEqual([texts(rewritten), rewritten.base.first], [["F", "g"], 5]);
  const back = applyHistory(model, page(4, ["e"], "1.2"));
  assert.deepEqual([texts(back), back.base.first], [["e"], 4]);
});

test("an answer of many pieces is stored once", () => {
  let model = applyHistory(initial, chat("1.4"));
  model = applyAll(model, 4, [started("hi"), step(1, "answer"), ...Array.from({ length: 20_000 }, () => item("x".repeat(10)))]);
  const answer = messagesOf(model).at(-1);
  assert.equal(answer.text.length, 200_000);
  assert.equal(answer.pieces.text.length, 10);
  assert.equal(answer.pieces.length, 200_000);
});

test("offsetOf parses cursors", () => {
  assert.equal(offsetOf("3.14"), 14);
  assert.equal(offsetOf(""), -1);
  assert.equal(offsetOf(undefined), -1);
  assert.equal(offsetOf("latest"), -1);
});
