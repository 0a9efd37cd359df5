import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { Problem } = await page("api");
const { Session } = await page("session");
const { memory } = await page("sessions");
const { open, shown } = await page("store");

/** A server of one session, in which the test says what comes. */
class Server {
  calls = [];
  history = { session: "a", cursor: "1.0", messages: [], running: false, position: { at: "rest" }, title: "Chat" };
  #waiting = [];
  #streams = [];
  #asked = [];

  /** Waits until the page asks whether a run has begun, while none has. */
  asked() {
    return new Promise((asked) => this.#asked.push(asked));
  }

  api = {
    chat: async () => {
      this.calls.push("chat");
      if (this.refuses) throw this.refuses;
      return this.history;
    },
    events: async (id, from, signal) => {
      this.calls.push(`events from ${from}`);
      if (this.refusesStream) throw this.refusesStream;
      if (this.rests) {
        this.#asked.splice(0).forEach((asked) => asked());
        return { status: 204 };
      }
      let stream;
      const body = new ReadableStream({ start: (controller) => (stream = controller) });
      signal.addEventListener("abort", () => {
        try {
          stream.error(new Error("aborted"));
        } catch {
          // it was closed already
        }
      });
      const say = (event, id) => stream.enqueue(new TextEncoder().encode(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`));
      this.#streams.push({ say, end: () => stream.close(), cut: () => stream.error(new Error("cut")), signal });
      this.#waiting.shift()?.();
      return { body };
    },
  };

  /** The next stream that the page opens. */
  async stream() {
    if (this.#streams.length === 0) await new Promise((opened) => this.#waiting.push(opened));
    return this.#streams.shift();
  }
}

/** Follows a server's session until the test is over. */
function follow(context, server, tabs) {
  let told = () => {};
  const session = new Session("a", server.api, () => told(), undefined, tabs);
  context.after(() => session.close());
  session.start();
  /** Waits until what is known is as wished. */
  session.until = (wish) =>
    new Promise((done) => {
      told = () => wish(session) && done();
      told();
    });
  return session;
}

const said = (words) => (session) => shown(session.model).at(-1)?.text === words;
const item = (text) => ({ type: "item", step: 1, node: "answer", text });

test("a stream that is cut is taken up behind the last event", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const first = await server.stream();
  first.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  first.say(item("one "), "1.2");
  await session.until(said("one "));
  first.cut();
  server.history = { ...server.history, running: true };
  const second = await server.stream();
  second.say(item("two"), "1.3");
  await session.until(said("one two"));
  assert.deepEqual(server.calls.slice(0, 4), ["chat", "events from 1.0", "chat", "events from 1.2"]);
});

test("a run that ends while it is asked about was not interrupted", async (context) => {
  const server = new Server();
  const answers = [server.history];
  server.api.chat = async () => answers.shift();
  const session = follow(context, server);
  const first = await server.stream();
  first.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  first.say(item("one"), "1.2");
  await session.until(said("one"));
  const messages = [{ role: "user", text: "hi" }, { role: "assistant", text: "one" }];
  answers.push({ ...server.history, position: { at: "unfinished", node: "a" } }, { ...server.history, cursor: "1.3", messages });
  const left = [];
  session.until(({ model }) => left.push(open(model)?.kind) && false);
  first.cut();
  await server.stream();
  assert.ok(!left.includes("interrupted"), String(left));
  assert.deepEqual(shown(session.model).map(({ text }) => text), ["hi", "one"]);
});

test("events that are no longer there lead back to the history", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  (await server.stream()).end();
  server.refusesStream = new Problem(410, { code: "trimmed", first: "0.9" });
  await session.until(() => server.calls.length >= 4);
  server.refusesStream = undefined;
  server.history = { ...server.history, cursor: "1.12", messages: [{ role: "user", text: "later" }] };
  await server.stream();
  assert.equal(server.calls.at(-1), "events from 1.12");
  await session.until(said("later"));
});

test("what is shown stays until the history that replaces it has been read", async (context) => {
  const tears = {
    "the cursor is trimmed": (server) => (server.refusesStream = new Problem(410, { code: "trimmed", first: "0.9" })),
    "the cursor is of another history": (server) =>
      (server.refusesStream = new Problem(400, { code: "invalid_cursor" })),
    "a crash took back a commit": (server, stream) => {
      stream.say({ type: "rewound", to: "1.1" });
      stream.say({ type: "run_started", node: "a", prompt: "lost" }, "2.2");
    },
    "the stream is trimmed": (server, stream) => stream.say({ type: "error", code: "trimmed", detail: "gone" }),
  };
  for (const [what, tear] of Object.entries(tears)) {
    const server = new Server();
    const messages = ["first", "second"].map((text) => ({ role: "user", text }));
    server.history = { ...server.history, cursor: "1.8", messages };
    const session = follow(context, server);
    const stream = await server.stream();
    const seen = new Set();
    const first = session.until(({ model }) => seen.add(shown(model).map(({ text }) => text).join()) && seen.size > 1);
    server.history = { ...server.history, cursor: "2.1", messages: messages.slice(0, 1) };
    tear(server, stream);
    if (server.refusesStream) stream.end();
    await first;
    server.refusesStream = undefined;
    const again = await server.stream();
    assert.equal(server.calls.at(-1), "events from 2.1", what);
    again.say({ type: "run_started", node: "a", prompt: "third" }, "2.2");
    await session.until(said("third"));
    assert.deepEqual([...seen], ["first,second", "first"], what);
    session.close();
  }
});

test("a session that is deleted is followed no longer", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const stream = await server.stream();
  stream.say({ type: "error", code: "deleted", detail: "gone" });
  stream.end();
  await session.until(({ model }) => model.known === "deleted");
  assert.equal(server.calls.length, 2);
});

test("a refusal is told, and asked about again", async (context) => {
  const server = new Server();
  server.refuses = new Problem(401, { code: "unauthorized", detail: "a token" });
  const session = follow(context, server);
  await session.until(({ line }) => line.is === "refused" && line.why.status === 401);
  server.refuses = undefined;
  await session.until(({ line }) => line.is === "open");
});

/** Slots for streams that the test hands out. */
class Slots {
  turns = [];
  news = [];
  ends = [];
  #waiting = [];

  async take() {
    let end;
    const turn = { over: new Promise((over) => (end = over)), end: () => end(), released: false, release: () => (turn.released = true) };
    this.turns.push(turn);
    this.#waiting.splice(0).forEach((taken) => taken());
    return turn;
  }

  async taken(count) {
    while (this.turns.length < count) await new Promise((taken) => this.#waiting.push(taken));
  }

  changed(id) {
    this.news.push(id);
  }

  ended(id) {
    this.ends.push(id);
  }
}

test("a page holds a connection while a run is in progress, and none after it", async (context) => {
  const server = new Server();
  const slots = new Slots();
  const session = follow(context, server, slots);
  const stream = await server.stream();
  stream.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  await session.until(said("hi"));
  assert.equal(slots.turns[0].released, false);
  server.rests = true;
  stream.say({ type: "run_paused", node: "a" }, "1.2");
  stream.end();
  await session.until(({ model }) => !model.live.running);
  while (!slots.turns[0].released) await new Promise(setImmediate);
  const asked = server.asked();
  session.hurry();
  await asked;
  assert.equal(server.calls.at(-1), "events from 1.2");
  while (!slots.turns.at(-1).released) await new Promise(setImmediate);
  assert.equal(session.line.is, "open");
});

test("a hidden page sends no request after a run, until it is visible or another tab reports a change", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const stream = await server.stream();
  session.look(false);
  server.rests = true;
  stream.say({ type: "run_paused", node: "a" }, "1.1");
  stream.end();
  for (const wake of [() => session.look(true), () => session.refresh(), () => session.look(true)]) {
    session.look(false);
    const asked = server.asked();
    wake();
    await asked;
  }
  assert.equal(session.line.is, "open");
});

test("after its turn a page resumes in the next one, behind the last event", async (context) => {
  const server = new Server();
  const slots = new Slots();
  const session = follow(context, server, slots);
  const first = await server.stream();
  first.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  first.say(item("one "), "1.2");
  await session.until(said("one "));
  slots.turns[0].end();
  const second = await server.stream();
  assert.equal(first.signal.aborted, true);
  assert.equal(slots.turns[0].released, true);
  assert.equal(server.calls.at(-1), "events from 1.2");
  second.say(item("two"), "1.3");
  await session.until(said("one two"));
  assert.equal(session.line.is, "open");
});

test("a suspended page holds no connection and resumes behind the last event", async (context) => {
  const server = new Server();
  const slots = new Slots();
  const session = follow(context, server, slots);
  const first = await server.stream();
  first.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  await session.until(said("hi"));
  session.suspend();
  while (!slots.turns[0].released) await new Promise(setImmediate);
  assert.equal(first.signal.aborted, true);
  const calls = server.calls.length;
  session.hurry();
  await new Promise(setImmediate);
  assert.equal(server.calls.length, calls);
  server.history = { ...server.history, running: true };
  session.resume();
  (await server.stream()).say(item("one"), "1.2");
  await session.until(said("one"));
});

test("other tabs are notified of changes", async (context) => {
  const server = new Server();
  Object.assign(server.api, { prompt: async () => {}, resume: async () => {}, reopen: async () => {}, remove: async () => {} });
  const slots = new Slots();
  const session = follow(context, server, slots);
  await server.stream();
  await session.send("hi");
  await session.goOn("stopped");
  await session.remove();
  assert.deepEqual(slots.news, ["a", "a", "a"]);
  assert.equal(session.model.known, "deleted");
});

for (const [how, end] of Object.entries({
  "with its last event": (stream) => stream.say({ type: "run_paused", node: "a" }, "1.2"),
  "without an event": (stream, server) => {
    server.history = { ...server.history, position: { at: "unfinished", node: "a" } };
    stream.say({ type: "error", code: "interrupted", detail: "no more" });
  },
  "while the stream was cut": (stream, server) => {
    server.history = { ...server.history, cursor: "1.2" };
  },
})) {
  test(`other tabs are notified once of a run that ends ${how}`, async (context) => {
    const server = new Server();
    const slots = new Slots();
    const session = follow(context, server, slots);
    const stream = await server.stream();
    stream.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
    await session.until(({ model }) => model.live.running);
    assert.deepEqual(slots.ends, []);
    server.rests = true;
    end(stream, server);
    stream.end();
    const asked = server.asked();
    await session.until(({ model }) => !model.live.running);
    session.hurry();
    await asked;
    assert.deepEqual(slots.ends, ["a"]);
  });
}

test("a change that is reported while the history is read leads to another read", async (context) => {
  const server = new Server();
  server.rests = true;
  const { history } = server;
  let answer = () => {};
  server.api.chat = () => new Promise((resolve) => (answer = () => resolve(history)));
  const session = follow(context, server);
  server.api.chat = async () => ({ ...history, position: { at: "ended", node: "a" } });
  session.refresh();
  answer();
  await server.asked();
  await server.asked();
  assert.equal(session.model.live.position.at, "ended");
});

test("a storage that is full does not break the stream", async (context) => {
  const refuse = () => {
    throw new Error("full");
  };
  globalThis.sessionStorage = { getItem: () => null, setItem: refuse, removeItem: refuse };
  context.after(() => delete globalThis.sessionStorage);
  const server = new Server();
  let told = () => {};
  const session = new Session("a", server.api, () => told(), memory("a"));
  context.after(() => session.close());
  session.start();
  const stream = await server.stream();
  stream.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  stream.say(item("one"), "1.2");
  await new Promise((done) => (told = () => said("one")(session) && done()));
  assert.equal(server.calls.length, 2);
});

test("a run whose process died is shown as interrupted, and the stream is closed", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const stream = await server.stream();
  stream.say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  await session.until(said("hi"));
  server.history = { ...server.history, position: { at: "unfinished", node: "a" } };
  server.rests = true;
  stream.say({ type: "error", code: "interrupted", detail: "no more" });
  stream.end();
  await session.until(({ model }) => open(model)?.kind === "interrupted");
  assert.equal(session.line.is, "open");
});

test("older messages are loaded page by page", async (context) => {
  const server = new Server();
  const messages = (from, to) => Array.from({ length: to - from }, (_, index) => ({ role: "user", text: `${from + index}` }));
  server.history = { ...server.history, first: 7, messages: messages(7, 10) };
  const session = follow(context, server);
  await server.stream();
  const asked = [];
  server.api.chat = async (id, { before }) => {
    asked.push(before);
    const first = Math.max(0, before - 4);
    return { ...server.history, first, messages: messages(first, before) };
  };
  await Promise.all([session.older(), session.older()]);
  await session.older();
  await session.older();
  assert.deepEqual(asked, [7, 3]);
  assert.deepEqual(shown(session.model).map(({ text }) => text), messages(0, 10).map(({ text }) => text));
});

test("a page that is loaded anew has the path of the run", async (context) => {
  const server = new Server();
  let kept;
  const memory = { get: () => kept, set: (cursor) => (kept = cursor) };
  const session = new Session("a", server.api, () => {}, memory);
  session.start();
  (await server.stream()).say({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  while (session.model.live.running === false) await new Promise(setImmediate);
  session.close();
  server.history = { ...server.history, cursor: "1.7", running: true };
  const again = new Session("a", server.api, () => {}, memory);
  context.after(() => again.close());
  again.start();
  await server.stream();
  assert.equal(server.calls.at(-1), "events from 1.0");
});
