import assert from "node:assert/strict";
import { test } from "node:test";
import { Answers } from "../src/answers.ts";
import type { ChatCallUpdate, ChatEvent, ChatMessage, ChatValueUpdate } from "../src/index.ts";

const settled: ChatMessage[] = [
  { role: "user", text: "Where was it?" },
  { role: "assistant", text: "", calls: [{ id: "1", name: "track", arguments: {}, result: { status: "failed", text: "old" } }] },
  { role: "user", text: "Where is it?" },
];

const item = (step: number, part: { text?: string; call?: ChatCallUpdate; value?: ChatValueUpdate }): ChatEvent => ({
  type: "item",
  step,
  node: step % 2 === 0 ? "use_tools" : "answer",
  attempt: 1,
  at: 0,
  text: "",
  ...part,
});
const call = (step: number, update: ChatCallUpdate) => item(step, { call: update });
const superseded = (step: number, items: number): ChatEvent => {
  return { type: "items_superseded", step, node: step % 2 === 0 ? "use_tools" : "answer", items, at: 0 };
};

const track = { id: "1", name: "track", arguments: { order: 18 } };
const result = { status: "succeeded", text: "on its way" } as const;
const TURN = [
  item(1, { text: "Let me " }),
  item(1, { text: "look." }),
  call(1, { type: "delta", index: 0, name: "track", arguments: "" }),
  call(1, { type: "delta", index: 0, name: "", arguments: '{"order": 18}' }),
  call(1, { type: "written", ...track }),
  call(2, { type: "started", ...track }),
  call(2, { type: "progress", id: "1", progress: "asking" }),
  call(2, { type: "finished", id: "1", result }),
  item(3, { text: "It is on its way." }),
];

const messages = (events: ChatEvent[]) => {
  const answers = new Answers();
  for (const event of events) answers.apply(event);
  return answers.after(settled);
};

test("each step has a message, and a call has its result in the message that wrote it", () => {
  const expected: ChatMessage[] = [
    ...settled,
    { role: "assistant", text: "Let me look.", calls: [{ ...track, status: "succeeded", progress: ["asking"], result }] },
    { role: "assistant", text: "It is on its way." },
  ];
  assert.deepEqual(messages(TURN), expected);
});

test("a call grows while the model writes it", () => {
  assert.deepEqual(messages(TURN.slice(0, 4)).at(-1)?.calls, [{ name: "track", status: "writing", text: '{"order": 18}' }]);
  assert.deepEqual(messages(TURN.slice(0, 5)).at(-1)?.calls, [{ ...track, status: "called" }]);
});

test("the arguments of a call grow as a value", () => {
  const changed = (change: ChatValueUpdate["change"]) => call(1, { type: "changed", index: 0, name: "track", change });
  const events = [changed({ path: [], set: {} }), changed({ path: ["note"], set: "so" }), changed({ path: ["note"], append: "on" })];
  assert.deepEqual(messages(events).at(-1)?.calls, [{ name: "track", status: "writing", arguments: { note: "soon" } }]);
  assert.deepEqual(messages([...events, call(1, { type: "written", ...track })]).at(-1)?.calls, [{ ...track, status: "called" }]);
});

test("superseded items are undone", () => {
  assert.deepEqual(messages([...TURN.slice(0, 8), superseded(2, 2)]).at(-1)?.calls, [{ ...track, status: "running" }]);
  assert.deepEqual(messages([...TURN.slice(0, 3), superseded(1, 2)]).at(-1), { role: "assistant", text: "Let me " });
  assert.deepEqual(messages([...TURN.slice(0, 2), superseded(1, 9)]), settled);
});

test("a reader that joins after the call was written shows its result in the history", () => {
  const history: ChatMessage[] = [...settled, { role: "assistant", text: "Let me look.", calls: [track] }];
  const answers = new Answers();
  for (const event of TURN.slice(5)) answers.apply(event);
  const shown = answers.after(history);
  assert.deepEqual(shown[3]?.calls?.[0]?.result, result);
  assert.deepEqual(shown[1], settled[1], "a call of an earlier turn with the same id is another one");
  assert.deepEqual(history[3]?.calls, [track], "the history is not modified");
});

test("a value grows, and a change that does not fit it is ignored", () => {
  const change = (change: ChatValueUpdate["change"]) => item(1, { value: { name: "triage", change } });
  const grown = [change({ path: [], set: { topic: "or" } }), change({ path: ["topic"], append: "ders" })];
  const expected: ChatMessage = { role: "assistant", text: "", values: [{ name: "triage", value: { topic: "orders" } }] };
  assert.deepEqual(messages(grown).at(-1), expected);
  for (const unfit of [{ path: ["topic", 1], push: 1 }, null, {}]) {
    assert.deepEqual(messages([...grown, change(unfit as never)]).at(-1), expected);
  }
});

test("updates of later versions are ignored", () => {
  const unknown = { type: "of the future", id: "1" } as unknown as ChatCallUpdate;
  assert.deepEqual(messages([call(1, unknown)]), settled);
});

test("a result needs no event of the start", () => {
  const shown = messages([call(1, { type: "written", ...track }), call(2, { type: "finished", id: "1", result })]);
  assert.deepEqual(shown.at(-1)?.calls, [{ ...track, status: "succeeded", result }]);
});

test("a call that waits for a person has its result where it was written", () => {
  const history: ChatMessage[] = [...settled, { role: "assistant", text: "May I?", calls: [track] }, { role: "user", text: "yes" }];
  const answers = new Answers();
  for (const event of TURN.slice(5, 8)) answers.apply(event);
  const shown = answers.after(history);
  assert.equal(shown.length, history.length);
  assert.deepEqual(shown[3]?.calls?.[0]?.result, result);
});

test("of a run that did not end, only committed answers are kept", () => {
  const answers = new Answers();
  const committed: ChatEvent = { type: "step_committed", step: 1, node: "answer", attempt: 1, at: 0, next: { node: "use_tools" }, patches: {} };
  const cut = call(1, { type: "delta", index: 1, name: "track", arguments: '{"or' });
  for (const event of [...TURN.slice(0, 5), cut, committed, call(2, { type: "started", ...track }), item(3, { text: "It" })]) answers.apply(event);
  const kept = answers.committedAfter(settled).slice(settled.length);
  assert.deepEqual(kept, [{ role: "assistant", text: "Let me look.", calls: [{ ...track, status: "called" }] }]);
});
