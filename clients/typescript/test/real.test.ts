// Checks the behavior of the fake server against a real one: BURDOCK=http://127.0.0.1:3000 npm test
// The server is a chat whose input is a prompt, whose items are text, and whose answers take a while.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test as declare, type TestContext } from "node:test";
import {
  Burdock,
  ChatStore,
  InvalidInputsError,
  RunInProgressError,
  TERMINAL,
  UnknownSessionError,
  applyPatches,
  type BurdockOptions,
  type Session,
} from "../src/index.ts";
import { below, random } from "./random.ts";
import { collect, immediate } from "./serve.ts";

interface Talk {
  inputs: { prompt: string };
  item: unknown;
  state: Record<string, unknown>;
  node: string;
}

const base = process.env["BURDOCK"];
const PROMPT = "Tell me something that takes a while, with é, 語 and 🌱 in it.";

/** Declares a test with its own session, which is deleted afterwards. */
function test(name: string, check: (session: Session<Talk>, t: TestContext) => Promise<void>): void {
  declare(`a real server: ${name}`, { skip: base === undefined }, async (t) => {
    const session = new Burdock<Talk>(base!).session(`test-${randomUUID()}/ü`);
    try {
      await check(session, t);
    } finally {
      await session.delete().catch(() => undefined);
    }
  });
}

/** Returns a `fetch` whose event streams break after each number of bytes in `cuts`. */
function breaking(cuts: number[]): BurdockOptions {
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const response = await globalThis.fetch(input, init);
    const stream = response.headers.get("content-type") === "text/event-stream";
    let left = stream ? cuts.shift() : undefined;
    if (left === undefined || response.body === null) return response;
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        controller.enqueue(bytes.subarray(0, left));
        left! -= bytes.length;
        if (left! <= 0) controller.error(new TypeError("network error"));
      },
    });
    return new Response(response.body.pipeThrough(cut), response);
  };
  return { fetch };
}

test("a run can be read to its end, and read again", async (session) => {
  const run = session.run({ prompt: PROMPT });
  const events = await collect(run);
  assert.equal(events[0]?.type, "run_started");
  assert(events.some((event) => event.type === "item"));
  assert.equal(events.at(-1)?.type, (await run.finished).type);
  const again = await collect(session.events({ from: await run.started, until: "run" }));
  assert.deepEqual(again, events);
  assert.deepEqual(await collect(session.events({ from: run.cursor, until: "run" })), []);
  const whole = session.events();
  for await (const _ of whole) if (whole.cursor === run.cursor) break;
});

test("the state equals the sum of the patches", async (session) => {
  let state = {};
  for await (const event of session.run({ prompt: PROMPT })) {
    if (event.type === "step_committed") state = applyPatches<Record<string, unknown>>(state, event.patches);
  }
  const now = await session.get();
  for (const [field, value] of Object.entries(state)) assert.deepEqual(now.state[field], value);
  assert.equal(now.running, false);
  assert.equal(now.session, session.id);
});

test("a run whose connection breaks several times has no gap and no repeat", async (session) => {
  const next = random(5);
  for (let round = 0; round < 5; round += 1) {
    const cuts = Array.from({ length: 12 }, () => below(next, 500));
    const burdock = new Burdock<Talk>(base!, breaking(cuts));
    const run = burdock.session(session.id).run({ prompt: PROMPT }, immediate);
    const events = await collect(run);
    const again = await collect(session.events({ from: await run.started, until: "run" }));
    assert.deepEqual(events, again);
  }
});

test("detaching leaves the run in progress, and stopping ends it", async (session) => {
  const run = session.run({ prompt: PROMPT });
  for await (const event of run) if (event.type === "item") break;
  assert.equal((await session.get()).running, true);
  await assert.rejects(collect(session.run({ prompt: PROMPT })), RunInProgressError);
  const rest = session.events({ from: run.cursor, until: "run" });
  await session.stop();
  // an action that handles the stop ends its step, and the run pauses
  const end = (await collect(rest)).at(-1)?.type;
  assert(end !== undefined && TERMINAL.has(end));
  const { position, running } = await session.get();
  assert.equal(running, false);
  if (position.at !== "unfinished") return;
  assert.equal((await session.resume().finished).type, "run_paused");
});

test("error responses are mapped to error classes", async (session) => {
  await assert.rejects(session.get(), UnknownSessionError);
  await assert.rejects(session.start({ prompt: PROMPT }, { expect: "existing" }), { status: 412 });
  await assert.rejects(session.start({ promt: PROMPT } as never), InvalidInputsError);
  await assert.rejects(collect(session.events()), UnknownSessionError);
  await session.run({ prompt: PROMPT }, { expect: "new" }).finished;
  await assert.rejects(session.start({ prompt: PROMPT }, { expect: "new" }), { code: "session_exists" });
  await assert.rejects(collect(session.events({ from: "x" })), { code: "invalid_cursor" });
  await assert.rejects(collect(session.resume()), { code: "at_rest" });
});

test("sessions can be forked, listed and deleted", async (session) => {
  await session.run({ prompt: PROMPT }).finished;
  const fork = await session.fork(`${session.id}-fork`);
  const burdock = new Burdock<Talk>(base!);
  const ids = (await collect(burdock.sessions({ prefix: session.id, limit: 1 }))).map((one) => one.session);
  assert.deepEqual(ids, [session.id, fork.id]);
  const chats = await collect(burdock.chats({ prefix: session.id, limit: 1 }));
  assert.deepEqual(chats.map(({ title }) => title), [PROMPT.slice(0, 100), PROMPT.slice(0, 100)]);
  assert.deepEqual((await fork.get()).state, (await session.get()).state);
  await fork.delete();
  await assert.rejects(fork.get(), UnknownSessionError);
  assert((await burdock.graph()).nodes.length > 0);
});

test("a live store, a store opened later and the history show the same chat", async (session, t) => {
  const chat = new ChatStore(session);
  t.after(chat.subscribe(() => undefined));
  assert.equal(await chat.send(PROMPT), true);
  const settled = (store: typeof chat) => {
    return new Promise<void>((resolve) => {
      const check = () => {
        const { status, messages } = store.snapshot();
        if (status === "idle" && messages.length === 2) resolve();
      };
      t.after(store.subscribe(check));
      check();
    });
  };
  const later = new ChatStore(session);
  await Promise.all([settled(chat), settled(later)]);
  const { messages } = await session.chat();
  assert.deepEqual(chat.snapshot().messages, messages);
  assert.deepEqual(later.snapshot().messages, messages);
  let text = "";
  for await ({ text } of session.send(PROMPT).text());
  assert.equal(text, (await session.chat()).messages.at(-1)?.text);
});
