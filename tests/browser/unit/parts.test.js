// Calls of tools and values in a chat.

import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";
import { generator, ROUNDS } from "./random.js";

const { applyHistory, applyEvent, messagesOf, initial } = await page("store");
const { grow } = await page("grow");

const START = { session: "a", title: "Support", cursor: "1.0", messages: [], running: false, position: { at: "rest", node: "ask" } };

/** Returns a model after these events, which follow a history. */
const after = (events, model = applyHistory(initial, START)) =>
  events.reduce((model, event, index) => applyEvent(model, { at: index, ...event }, `1.${index + 1}`), model);

const started = { type: "run_started", run: 1, node: "ask", prompt: "Where is it?" };
const item = (step, node, part) => ({ type: "item", step, node, attempt: 1, text: "", ...part });
const call = (step, node, call) => item(step, node, { call });
const committed = (step, node, next) => ({ type: "step_committed", step, node, attempt: 1, next, patches: {} });
const track = { id: "1", name: "track", arguments: { order: 18 } };
const finished = { type: "finished", id: "1", result: { status: "succeeded", text: "on its way" } };

/** The events of a turn with one call, up to its result. */
const TURN = [
  started,
  item(1, "answer", { text: "Let me look." }),
  call(1, "answer", { type: "delta", index: 0, name: "track", arguments: "" }),
  call(1, "answer", { type: "delta", index: 0, name: "", arguments: '{"order"' }),
  call(1, "answer", { type: "delta", index: 0, name: "", arguments: ": 18}" }),
  call(1, "answer", { type: "written", ...track }),
  committed(1, "answer", { node: "use_tools" }),
  call(2, "use_tools", { type: "started", ...track }),
  call(2, "use_tools", { type: "progress", id: "1", progress: "asking" }),
  call(2, "use_tools", finished),
];

const last = (model) => messagesOf(model).at(-1);
const statuses = (model) => messagesOf(model).flatMap(({ calls = [] }) => calls.map(({ id, status }) => `${id} ${status}`));

test("a call grows, runs and ends in the message in which it was written", () => {
  const seen = TURN.map((_, index) => {
    const message = last(after(TURN.slice(0, index + 1)));
    return message.calls?.map(({ status, text, arguments: input, progress, result }) => [status, text ?? input, ...progress, result]);
  });
  assert.deepEqual(seen.slice(2), [
    [["writing", "", undefined]],
    [["writing", '{"order"', undefined]],
    [["writing", '{"order": 18}', undefined]],
    [["called", track.arguments, undefined]],
    [["called", track.arguments, undefined]],
    [["running", track.arguments, undefined]],
    [["running", track.arguments, "asking", undefined]],
    [["succeeded", track.arguments, "asking", "on its way"]],
  ]);
  const messages = messagesOf(after(TURN));
  assert.deepEqual(messages.map(({ role, text }) => `${role}: ${text}`), ["user: Where is it?", "assistant: Let me look."]);
});

test("the arguments of a call grow as a value", () => {
  const changed = (change) => call(1, "answer", { type: "changed", index: 0, name: "track", change });
  const model = after([started, changed({ path: [], set: {} }), changed({ path: ["note"], set: "so" }), changed({ path: ["note"], append: "on" })]);
  assert.deepEqual(last(model).calls.map(({ status, arguments: input }) => [status, input]), [["writing", { note: "soon" }]]);
  const whole = applyEvent(model, { ...call(1, "answer", { type: "written", ...track }), at: 9 }, "1.20");
  assert.deepEqual(last(whole).calls.map(({ status, arguments: input }) => [status, input]), [["called", track.arguments]]);
});

test("a message whose calls did not change stays the same object", () => {
  const model = after(TURN);
  const more = applyEvent(model, { ...item(3, "answer", { text: "It" }), at: 9 }, "1.20");
  const [before, now] = [messagesOf(model), messagesOf(more)];
  assert.equal(now[1], before[1]);
  assert.deepEqual(now.map(({ text }) => text), ["Where is it?", "Let me look.", "It"]);
});

test("results are undone with the items of a failed attempt", () => {
  const model = after([...TURN, { type: "items_superseded", step: 2, node: "use_tools", items: 2 }]);
  assert.deepEqual(statuses(model), ["1 running"]);
  const none = after([...TURN, { type: "items_superseded", step: 2, node: "use_tools", items: 3 }]);
  assert.deepEqual(statuses(none), ["1 called"]);
});

test("a call that nothing can finish is interrupted", () => {
  const running = TURN.slice(0, 8);
  assert.deepEqual(statuses(after(running)), ["1 running"]);
  assert.deepEqual(statuses(after([...running, { type: "run_cancelled", node: "use_tools" }])), ["1 interrupted"]);
  // also while a later run is in progress
  assert.deepEqual(statuses(after([...running, { type: "run_cancelled", node: "use_tools" }, { ...started, run: 2 }])), ["1 interrupted"]);
});

test("the results of two calls under one id in different turns stay apart", () => {
  const result = (text) => ({ type: "finished", id: "1", result: { status: "succeeded", text } });
  const turn = (step, text) => [
    call(step, "answer", { type: "written", ...track }),
    committed(step, "answer", { node: "use_tools" }),
    call(step + 1, "use_tools", result(text)),
    committed(step + 1, "use_tools", { node: "answer" }),
  ];
  const model = after([started, ...turn(1, "one"), ...turn(3, "two")]);
  const shown = messagesOf(model).flatMap(({ calls = [] }) => calls.map(({ name, result }) => `${name}: ${result}`));
  assert.deepEqual(shown, ["track: one", "track: two"], "also without the events of their starts");
});

test("a call of a later turn with the same id is not drawn into an earlier one", () => {
  const old = { role: "assistant", text: "", calls: [{ ...track, arguments: { order: 1 } }] };
  const model = applyHistory(initial, { ...START, cursor: "1.0", messages: [{ role: "user", text: "old" }, old] });
  const next = after([{ ...started, run: 2 }, call(5, "use_tools", { type: "started", ...track }), call(5, "use_tools", finished)], model);
  assert.deepEqual(messagesOf(next).flatMap(({ calls = [] }) => calls.map(({ arguments: { order }, status }) => `${order} ${status}`)), ["1 interrupted", "18 succeeded"]);
});

test("a call that waits for a person is shown where it was written while a later run runs it", () => {
  const asked = after([started, call(1, "answer", { type: "written", ...track }), committed(1, "answer", { pause: "ask" }), { type: "run_paused", node: "ask" }]);
  assert.deepEqual(statuses(asked), ["1 called"]);
  const events = [{ ...started, run: 2, prompt: "yes" }, call(3, "use_tools", { type: "started", ...track }), call(3, "use_tools", finished)];
  const seen = [];
  events.reduce((model, event, index) => {
    const next = applyEvent(model, { at: 9, ...event }, `1.${20 + index}`);
    seen.push(...statuses(next));
    return next;
  }, asked);
  assert.deepEqual(seen, ["1 interrupted", "1 running", "1 succeeded"]);
});

test("of two calls under one id in one step, the results are those of the last one", () => {
  const again = { ...track, arguments: { order: 19 } };
  const result = (text) => ({ type: "finished", id: "1", result: { status: "succeeded", text } });
  const events = [{ type: "written", ...track }, { type: "started", ...track }, result("one"), { type: "written", ...again }, { type: "started", ...again }, result("two")];
  const model = after([started, ...events.map((update) => call(1, "agent", update))]);
  assert.deepEqual(messagesOf(model)[1].calls.map(({ arguments: { order }, result }) => `${order} ${result}`), ["18 one", "19 two"]);
});

test("a call that was cut disappears when its step is committed", () => {
  const cut = call(1, "answer", { type: "delta", index: 1, name: "track", arguments: '{"or' });
  const events = [started, item(1, "answer", { text: "Let me" }), cut];
  assert.equal(last(after(events)).calls.length, 1);
  assert.deepEqual(last(after([...events, committed(1, "answer", { pause: "ask" })])).calls, []);
});

test("a call that no message wrote is shown with its run", () => {
  const model = after([started, call(2, "use_tools", { type: "started", ...track }), call(2, "use_tools", finished)]);
  assert.deepEqual(statuses(model), ["1 succeeded"]);
});

test("older messages stay loaded when the results of calls arrive", () => {
  const written = { role: "assistant", text: "", calls: [track] };
  const done = { ...written, calls: [{ ...track, result: finished.result }] };
  const old = { role: "user", text: "old" };
  let model = applyHistory(initial, { ...START, cursor: "1.5", messages: [old, written] });
  model = applyHistory(model, { ...START, cursor: "1.9", first: 1, messages: [done] });
  assert.equal(model.base.first, 0);
  assert.deepEqual(statuses(model), ["1 succeeded"]);
});

test("a value grows by changes", () => {
  const change = (change) => item(1, "triage", { value: { name: "triage", change } });
  const events = [
    started,
    change({ path: [], set: { topic: null, lines: [] } }),
    change({ path: ["topic"], set: "or" }),
    change({ path: ["topic"], append: "ders" }),
    change({ path: ["lines"], push: { text: "" } }),
    change({ path: ["lines", 0, "text"], append: "one" }),
    change({ path: [], complete: true }),
  ];
  const model = after(events);
  assert.deepEqual(last(model).values, [{ name: "triage", value: { topic: "orders", lines: [{ text: "one" }] } }]);
  const undone = applyEvent(model, { type: "items_superseded", step: 1, node: "triage", items: 3, at: 9 }, "1.20");
  assert.deepEqual(last(undone).values[0].value, { topic: "orders", lines: [] });
});

test("values with different names in one step are apart", () => {
  const change = (name, change) => item(1, "plan", { value: { name, change } });
  const model = after([started, change("a", { path: [], set: { x: 1 } }), change("b", { path: [], set: "y" }), change("a", { path: ["x"], set: 2 })]);
  assert.deepEqual(last(model).values, [{ name: "a", value: { x: 2 } }, { name: "b", value: "y" }]);
});

test("a list that grows to 20 000 elements is drawn in between", () => {
  const change = (change) => item(1, "plan", { value: { name: "a", change } });
  let model = after([started, change({ path: [], set: [] })]);
  for (let index = 0; index < 20_000; index += 1) {
    model = applyEvent(model, { ...change({ path: [], push: `${index}` }), at: 1 }, `1.${index + 10}`);
    // the page draws many changes at once
    if (index % 500 === 0) assert.equal(last(model).values[0].value.length, index + 1);
  }
  assert.equal(last(model).values[0].value.length, 20_000);
});

test("a value may have any key, and changes that do not fit it are ignored", () => {
  const value = grow(JSON.parse('{"__proto__": {"a": "b"}}'), { path: ["__proto__", "a"], append: "c" });
  assert.equal(JSON.stringify(value), '{"__proto__":{"a":"bc"}}');
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(grow("text", { path: ["a", 0], push: 1 }), "text");
  assert.deepEqual(grow({ constructor: 1 }, { path: ["toString"], set: 2 }), { constructor: 1, toString: 2 });
  for (const change of [null, undefined, {}, { path: null }, { path: ["length"], set: 5 }, { path: [9], set: 1 }, { path: [-1], set: 1 }, { path: [], append: "x" }, { path: [0, 0], push: 1 }]) {
    assert.deepEqual(grow([1], change), [1], JSON.stringify(change));
  }
});

/** Returns the log of a random session of an agent: entries, with the history after each commit. */
function session({ below, pick, next }) {
  const entries = [{ type: "session_created", history: [] }];
  let history = [];
  let [step, ids] = [0, 0];
  const add = (entry) => entries.push({ ...entry, at: entries.length });
  const run = 1 + below(3);
  for (let number = 1; number <= run; number += 1) {
    add({ ...started, run: number, prompt: `prompt ${number}` });
    history = [...history, { role: "user", text: `prompt ${number}` }];
    add({ ...committed(step, "ask", { node: "answer" }), history });
    step += 1;
    for (let turn = below(4); ; turn -= 1) {
      const calls = turn > 0 ? Array.from({ length: 1 + below(3) }, () => ({ id: `${(ids += 1)}`, name: "find", arguments: { a: ids } })) : [];
      attempt(() => {
        add(item(step, "answer", { text: `text ${step}` }));
        calls.forEach((one, index) => {
          for (const piece of ['{"a":', `${one.arguments.a}}`]) add(call(step, "answer", { type: "delta", index, name: "", arguments: piece }));
        });
        for (const one of calls) add(call(step, "answer", { type: "written", ...one }));
      }, "answer");
      const message = { role: "assistant", text: `text ${step}`, calls };
      history = [...history, message];
      if (calls.length === 0) {
        add({ ...committed(step, "answer", { pause: "ask" }), history });
        step += 1;
        break;
      }
      add({ ...committed(step, "answer", { node: "use_tools" }), history });
      step += 1;
      attempt(() => {
        const left = calls.map((one) => [{ type: "started", ...one }, { type: "progress", id: one.id, progress: "p" }, { ...finished, id: one.id }]);
        while (left.some((events) => events.length > 0)) {
          const events = pick(left.filter((events) => events.length > 0));
          add(call(step, "use_tools", events.shift()));
        }
      }, "use_tools");
      const done = { ...message, calls: calls.map((one) => ({ ...one, result: finished.result })) };
      history = [...history.slice(0, -1), done];
      add({ ...committed(step, "use_tools", { node: "answer" }), history });
      step += 1;
    }
    add({ type: "run_paused", node: "ask" });
  }
  return entries;

  /** Adds the items of a step, sometimes after some of them were lost in a crash and superseded. */
  function attempt(items, node) {
    const from = entries.length;
    items();
    if (next() < 0.7) return;
    entries.length -= below(entries.length - from + 1);
    add({ type: "run_resumed", node });
    const count = entries.length - from - 1;
    if (count > 0) add({ type: "items_superseded", step, node, items: count });
    items();
  }
}

/** Returns what a page shows, without progress: it is not in the history. */
const shown = (model) =>
  messagesOf(model).map(({ role, text, calls = [] }) => ({
    role,
    text,
    calls: calls.map(({ id, status, result, arguments: input, text }) => ({ id, status, result, input: input ?? text })),
  }));

test("a page shows the same calls, however it received them", () => {
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = generator(seed);
    const entries = session(random);
    const chat = (length) => {
      const past = entries.slice(0, length);
      const at = past.findLastIndex(({ history }) => history);
      const running = !["run_paused", "session_created"].includes(past.findLast(({ type }) => /^(run|session)_/.test(type)).type);
      return { ...START, cursor: `1.${at}`, messages: past[at].history, running, position: { at: running ? "unfinished" : "rest", node: "ask" } };
    };
    let steady = applyHistory(initial, chat(1));
    for (let offset = 1; offset < entries.length; offset += 1) {
      const { history: _, ...event } = entries[offset];
      steady = applyEvent(steady, event, `1.${offset}`);
      if (event.type === "run_paused") steady = applyHistory(steady, chat(offset + 1));
      if (random.next() < 0.7) continue;
      let late = applyHistory(initial, chat(offset + 1));
      for (let again = late.place + 1; again <= offset; again += 1) {
        const { history: _, ...event } = entries[again];
        late = applyEvent(late, event, `1.${again}`);
      }
      assert.deepEqual(shown(late), shown(steady), `seed ${seed}, entry ${offset}, ${event.type}`);
    }
    const calls = shown(steady).flatMap(({ calls }) => calls);
    assert.ok(calls.every(({ status }) => status === "succeeded"), `seed ${seed}`);
  }
});
