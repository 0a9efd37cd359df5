// Follows random sessions with pages that lose their stream, reload, and read the history at random times. All of
// them show the same messages at all times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";
import { generator, ROUNDS } from "./random.js";

const { isTerminal, invalidatesHistory, applyHistory, messagesOf, applyEvent, initial } = await page("store");

/** Returns the log of a random session: entries, with the history after each commit. */
function session({ below, pick, next }) {
  const entries = [{ type: "session_created", history: [] }];
  let history = [];
  let words = 0;
  let step = 0;
  let epoch = 1;
  let uncommitted = 0;
  const add = (entry) => entries.push({ ...entry, epoch, at: entries.length });
  const supersede = () => uncommitted && add({ type: "items_superseded", step, node: "answer", items: uncommitted });
  for (let run = 1 + below(5); run > 0; run -= 1) {
    const prompt = `prompt ${run}`;
    add({ type: "run_started", run, node: "prompt", prompt });
    supersede();
    uncommitted = 0;
    add({ type: "step_started", step, node: "prompt" });
    history = [...history, { role: "user", text: prompt }];
    add({ type: "step_committed", step, node: "prompt", next: { node: "answer" }, history });
    step += 1;
    for (let over = false; !over; ) {
      let text = "";
      add({ type: "step_started", step, node: "answer" });
      for (let left = below(5); left > 0; left -= 1) {
        const word = `w${(words += 1)} `;
        text += word;
        uncommitted += 1;
        add({ type: "item", step, node: "answer", text: word });
      }
      const outcome = next();
      if (outcome < 0.6) {
        history = text ? [...history, { role: "assistant", text }] : history;
        uncommitted = 0;
        add({ type: "step_committed", step, node: "answer", next: { pause: "prompt" }, history });
        add({ type: "run_paused", node: "prompt" });
        step += 1;
        over = true;
      } else if (outcome < 0.75) {
        supersede();
        uncommitted = 0;
        add({ type: "run_failed", node: "answer", error: "no" });
        if (next() < 0.5) over = true;
        else add({ type: "run_resumed", node: "answer" });
      } else {
        // the process crashes, and another one resumes the run or starts a new one
        epoch += 1;
        if (next() < 0.5) over = true;
        else {
          add({ type: "run_resumed", node: "answer" });
          supersede();
          uncommitted = 0;
        }
      }
    }
  }
  return entries;
}

const cursor = (entries, offset) => `${entries[offset].epoch ?? 1}.${offset}`;

/** Returns the response of the server when the log has `length` entries. */
function chat(entries, length) {
  const past = entries.slice(0, length);
  const at = past.findLastIndex((entry) => entry.history);
  const last = past.findLast((entry) => entry.type.startsWith("run_") || entry.type === "session_created");
  const running = last.type === "run_started" || last.type === "run_resumed";
  const position = { at: running || last.type === "run_failed" ? "unfinished" : "rest", node: "prompt" };
  return { session: "a", title: "Chat", cursor: cursor(entries, at), messages: past[at].history, running, position };
}

const texts = (model) =>
  messagesOf(model)
    .filter(({ text }) => text)
    .map(({ role, text }) => `${role}: ${text}`);

test("a page shows the same messages, however it received them", () => {
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const random = generator(seed);
    const entries = session(random);
    let steady = applyHistory(initial, chat(entries, 1));
    let restless = steady;
    for (let offset = 1; offset < entries.length; offset += 1) {
      const { history: _, epoch, ...event } = entries[offset];
      const id = `${epoch}.${offset}`;
      const requested = restless;
      steady = applyEvent(steady, event, id);
      restless = applyEvent(restless, event, id);
      const where = `seed ${seed}, entry ${offset}, ${event.type}`;
      if (isTerminal(event)) steady = applyHistory(steady, chat(entries, offset + 1));
      const chance = random.next();
      if (chance < 0.15) restless = applyHistory(restless, chat(entries, offset + 1), requested);
      else if (chance < 0.3) {
        // a reload: the history, and the entries after it again
        const response = chat(entries, offset + 1);
        restless = applyHistory(initial, response);
        for (let again = restless.place + 1; again <= offset; again += 1) {
          const { history: _, epoch, ...event } = entries[again];
          restless = applyEvent(restless, event, `${epoch}.${again}`);
        }
      }
      else if (chance < 0.4) {
        // the history is ahead of the stream, which catches up
        const ahead = Math.min(entries.length, offset + 1 + random.below(6));
        restless = applyHistory(restless, chat(entries, ahead), restless);
        for (; offset + 1 < ahead; ) {
          offset += 1;
          const { history: _, epoch, ...event } = entries[offset];
          steady = applyEvent(steady, event, `${epoch}.${offset}`);
          if (isTerminal(event)) steady = applyHistory(steady, chat(entries, offset + 1));
          restless = applyEvent(restless, event, `${epoch}.${offset}`);
        }
      }
      assert.deepEqual(texts(restless), texts(steady), where);
      assert.equal(restless.live.running, steady.live.running, where);
    }
    const last = chat(entries, entries.length).messages.filter(({ text }) => text);
    const uncommitted = texts(steady).slice(last.length);
    assert.deepEqual(texts(steady).slice(0, last.length), last.map(({ role, text }) => `${role}: ${text}`), `seed ${seed}`);
    assert.ok(uncommitted.length <= 1, `seed ${seed}: ${uncommitted}`);
  }
});

const CALLS = [
  undefined,
  { type: "delta", index: 0, name: "f", arguments: "{" },
  { type: "written", id: "1", name: "f", arguments: {} },
  { type: "started", id: "1", name: "f", arguments: {} },
  { type: "progress", id: "1", progress: 1 },
  { type: "finished", id: "1", result: { status: "failed", text: "" } },
  { type: "of the future", id: "2" },
];
const VALUES = [
  undefined,
  { name: "a", change: { path: [], set: [] } },
  { name: "a", change: { path: [0, "b"], append: "c" } },
  { name: "b", change: { path: [], push: 1 } },
];

test("no sequence of events breaks the reducer", () => {
  const types = ["run_started", "run_resumed", "step_started", "item", "items_superseded", "attempt_failed", "step_failed", "step_committed", "run_paused", "run_ended", "run_failed", "run_stopped", "run_cancelled", "run_halted", "session_reopened", "rewound", "of the future"];
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const { below, pick } = generator(seed);
    let model = initial;
    let counted = 0;
    for (let left = below(40); left > 0; left -= 1) {
      const type = pick(types);
      const event = { type, step: below(3), node: pick(["a", "b"]), text: pick(["x", undefined]), items: below(4), call: pick(CALLS), value: pick(VALUES), prompt: pick(["p", undefined]), error: "e", to: pick([undefined, `1.${below(20)}`]), at: left };
      const before = JSON.stringify(messagesOf(model));
      const known = model;
      if (!invalidatesHistory(model, event)) model = applyEvent(model, event, pick([undefined, "", `1.${(counted += below(3))}`]));
      if (below(6) === 0) model = applyHistory(model, { messages: [], cursor: `1.${below(20)}`, running: pick([true, false]), position: { at: pick(["rest", "unfinished", "ended"]) } });
      assert.equal(JSON.stringify(messagesOf(known)), before, "the previous model is not modified");
      for (const { role, text } of messagesOf(model)) {
        assert.ok(role === "user" || role === "assistant");
        assert.equal(typeof text, "string");
      }
    }
  }
});
