import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { Problem } = await page("api");
const { Session } = await page("session");
const { memory } = await page("sessions");
const { messagesOf, noticeOf } = await page("store");

/** A stub server of one session, controlled by the test. */
class Server {
  calls = [];
  history = { session: "a", cursor: "1.0", messages: [], running: false, position: { at: "rest" }, title: "Chat" };
  #waiting = [];
  #streams = [];
  #polled = [];

  /** Waits until the page polls for a run while none is in progress. */
  polled() {
    return new Promise((polled) => this.#polled.push(polled));
  }

  api = {
    chat: async () => {
      this.calls.push("chat");
      if (this.error) throw this.error;
      return this.history;
    },
    events: async (id, from, signal) => {
      this.calls.push(`events from ${from}`);
      if (this.streamError) throw this.streamError;
      if (this.idle) {
        this.#polled.splice(0).forEach((polled) => polled());
        return { status: 204 };
      }
      let stream;
      const body = new ReadableStream({ start: (controller) => (stream = controller) });
      signal.addEventListener("abort", () => {
        try {
          stream.error(new Error("aborted"));
        } catch {
          // already closed
        }
      });
      const send = (event, id) => stream.enqueue(new TextEncoder().encode(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`));
      this.#streams.push({ send, end: () => stream.close(), cut: () => stream.error(new Error("cut")), signal });
      this.#waiting.shift()?.();
      return { body };
    },
  };

  /** Waits for the next stream that the page opens. */
  async stream() {
    if (this.#streams.length === 0) await new Promise((opened) => this.#waiting.push(opened));
    return this.#streams.shift();
  }
}

/** Follows the session of a server until the end of the test. */
function follow(context, server, tabs) {
  let notified = () => {};
  const session = new Session("a", server.api, () => notified(), undefined, tabs);
  context.after(() => session.close());
  session.start();
  /** Waits until the session satisfies a condition. */
  session.until = (condition) =>
    new Promise((done) => {
      notified = () => condition(session) && done();
      notified();
    });
  return session;
}

const lastTextIs = (text) => (session) => messagesOf(session.model).at(-1)?.text === text;
const item = (text) => ({ type: "item", step: 1, node: "answer", text });

test("a cut stream is resumed after the last event", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const first = await server.stream();
  first.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  first.send(item("one "), "1.2");
  await session.until(lastTextIs("one "));
  first.cut();
  server.history = { ...server.history, running: true };
  const second = await server.stream();
  second.send(item("two"), "1.3");
  await session.until(lastTextIs("one two"));
  assert.deepEqual(server.calls.slice(0, 4), ["chat", "events from 1.0", "chat", "events from 1.2"]);
});

test("a run that ends during the check for interruption was not interrupted", async (context) => {
  const server = new Server();
  const answers = [server.history];
  server.api.chat = async () => answers.shift();
  const session = follow(context, server);
  const first = await server.stream();
  first.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  first.send(item("one"), "1.2");
  await session.until(lastTextIs("one"));
  const messages = [{ role: "user", text: "hi" }, { role: "assistant", text: "one" }];
  answers.push({ ...server.history, position: { at: "unfinished", node: "a" } }, { ...server.history, cursor: "1.3", messages });
  const notices = [];
  session.until(({ model }) => notices.push(noticeOf(model)?.kind) && false);
  first.cut();
  await server.stream();
  assert.ok(!notices.includes("interrupted"), String(notices));
  assert.deepEqual(messagesOf(session.model).map(({ text }) => text), ["hi", "one"]);
});

test("a trimmed cursor makes the page read the history again", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  (await server.stream()).end();
  server.streamError = new Problem(410, { code: "trimmed", first: "0.9" });
  await session.until(() => server.calls.length >= 4);
  server.streamError = undefined;
  server.history = { ...server.history, cursor: "1.12", messages: [{ role: "user", text: "later" }] };
  await server.stream();
  assert.equal(server.calls.at(-1), "events from 1.12");
  await session.until(lastTextIs("later"));
});

test("messages stay visible until the history that replaces them has been read", async (context) => {
  const causes = {
    "the cursor is trimmed": (server) => (server.streamError = new Problem(410, { code: "trimmed", first: "0.9" })),
    "the cursor is of another history": (server) =>
      (server.streamError = new Problem(400, { code: "invalid_cursor" })),
    "a commit was lost in a crash": (server, stream) => {
      stream.send({ type: "rewound", to: "1.1" });
      stream.send({ type: "run_started", node: "a", prompt: "lost" }, "2.2");
    },
    "the stream is trimmed": (server, stream) => stream.send({ type: "error", code: "trimmed", detail: "gone" }),
  };
  for (const [name, trigger] of Object.entries(causes)) {
    const server = new Server();
    const messages = ["first", "second"].map((text) => ({ role: "user", text }));
    server.history = { ...server.history, cursor: "1.8", messages };
    const session = follow(context, server);
    const stream = await server.stream();
    const seen = new Set();
    const first = session.until(({ model }) => seen.add(messagesOf(model).map(({ text }) => text).join()) && seen.size > 1);
    server.history = { ...server.history, cursor: "2.1", messages: messages.slice(0, 1) };
    trigger(server, stream);
    if (server.streamError) stream.end();
    await first;
    server.streamError = undefined;
    const again = await server.stream();
    assert.equal(server.calls.at(-1), "events from 2.1", name);
    again.send({ type: "run_started", node: "a", prompt: "third" }, "2.2");
    await session.until(lastTextIs("third"));
    assert.deepEqual([...seen], ["first,second", "first"], name);
    session.close();
  }
});

test("a deleted session is no longer followed", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const stream = await server.stream();
  stream.send({ type: "error", code: "deleted", detail: "gone" });
  stream.end();
  await session.until(({ model }) => model.status === "deleted");
  assert.equal(server.calls.length, 2);
});

test("a rejected request is reported and retried", async (context) => {
  const server = new Server();
  server.error = new Problem(401, { code: "unauthorized", detail: "a token" });
  const session = follow(context, server);
  await session.until(({ connection }) => connection.status === "rejected" && connection.error.status === 401);
  server.error = undefined;
  await session.until(({ connection }) => connection.status === "open");
});

/** Stub of `Tabs` whose slots are controlled by the test. */
class StubTabs {
  slots = [];
  changes = [];
  ends = [];
  #waiting = [];

  async acquire() {
    let revoke;
    const slot = { revoked: new Promise((done) => (revoke = done)), revoke: () => revoke(), released: false, release: () => (slot.released = true) };
    this.slots.push(slot);
    this.#waiting.splice(0).forEach((taken) => taken());
    return slot;
  }

  async taken(count) {
    while (this.slots.length < count) await new Promise((taken) => this.#waiting.push(taken));
  }

  changed(id) {
    this.changes.push(id);
  }

  ended(id) {
    this.ends.push(id);
  }
}

test("a page holds a connection while a run is in progress, and none after it", async (context) => {
  const server = new Server();
  const tabs = new StubTabs();
  const session = follow(context, server, tabs);
  const stream = await server.stream();
  stream.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  await session.until(lastTextIs("hi"));
  assert.equal(tabs.slots[0].released, false);
  server.idle = true;
  stream.send({ type: "run_paused", node: "a" }, "1.2");
  stream.end();
  await session.until(({ model }) => !model.live.running);
  while (!tabs.slots[0].released) await new Promise(setImmediate);
  const polled = server.polled();
  session.updateNow();
  await polled;
  assert.equal(server.calls.at(-1), "events from 1.2");
  while (!tabs.slots.at(-1).released) await new Promise(setImmediate);
  assert.equal(session.connection.status, "open");
});

test("a hidden page sends no request after a run, until it is visible or another tab reports a change", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const stream = await server.stream();
  session.setVisible(false);
  server.idle = true;
  stream.send({ type: "run_paused", node: "a" }, "1.1");
  stream.end();
  for (const wake of [() => session.setVisible(true), () => session.refresh(), () => session.setVisible(true)]) {
    session.setVisible(false);
    const polled = server.polled();
    wake();
    await polled;
  }
  assert.equal(session.connection.status, "open");
});

test("after its slot is revoked, a page acquires another one and resumes after the last event", async (context) => {
  const server = new Server();
  const tabs = new StubTabs();
  const session = follow(context, server, tabs);
  const first = await server.stream();
  first.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  first.send(item("one "), "1.2");
  await session.until(lastTextIs("one "));
  tabs.slots[0].revoke();
  const second = await server.stream();
  assert.equal(first.signal.aborted, true);
  assert.equal(tabs.slots[0].released, true);
  assert.equal(server.calls.at(-1), "events from 1.2");
  second.send(item("two"), "1.3");
  await session.until(lastTextIs("one two"));
  assert.equal(session.connection.status, "open");
});

test("a suspended page holds no connection and resumes after the last event", async (context) => {
  const server = new Server();
  const tabs = new StubTabs();
  const session = follow(context, server, tabs);
  const first = await server.stream();
  first.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  await session.until(lastTextIs("hi"));
  session.suspend();
  while (!tabs.slots[0].released) await new Promise(setImmediate);
  assert.equal(first.signal.aborted, true);
  const calls = server.calls.length;
  session.updateNow();
  await new Promise(setImmediate);
  assert.equal(server.calls.length, calls);
  server.history = { ...server.history, running: true };
  session.resume();
  (await server.stream()).send(item("one"), "1.2");
  await session.until(lastTextIs("one"));
});

test("other tabs are notified of changes", async (context) => {
  const server = new Server();
  Object.assign(server.api, { prompt: async () => {}, resume: async () => {}, reopen: async () => {}, remove: async () => {} });
  const tabs = new StubTabs();
  const session = follow(context, server, tabs);
  await server.stream();
  await session.send("hi");
  await session.continue("stopped");
  await session.remove();
  assert.deepEqual(tabs.changes, ["a", "a", "a"]);
  assert.equal(session.model.status, "deleted");
});

for (const [how, end] of Object.entries({
  "with its last event": (stream) => stream.send({ type: "run_paused", node: "a" }, "1.2"),
  "without an event": (stream, server) => {
    server.history = { ...server.history, position: { at: "unfinished", node: "a" } };
    stream.send({ type: "error", code: "interrupted", detail: "no more" });
  },
  "while the stream was cut": (stream, server) => {
    server.history = { ...server.history, cursor: "1.2" };
  },
})) {
  test(`other tabs are notified once of a run that ends ${how}`, async (context) => {
    const server = new Server();
    const tabs = new StubTabs();
    const session = follow(context, server, tabs);
    const stream = await server.stream();
    stream.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
    await session.until(({ model }) => model.live.running);
    assert.deepEqual(tabs.ends, []);
    server.idle = true;
    end(stream, server);
    stream.end();
    const polled = server.polled();
    await session.until(({ model }) => !model.live.running);
    session.updateNow();
    await polled;
    assert.deepEqual(tabs.ends, ["a"]);
  });
}

test("a change reported while the history is read leads to another read", async (context) => {
  const server = new Server();
  server.idle = true;
  const { history } = server;
  let answer = () => {};
  server.api.chat = () => new Promise((resolve) => (answer = () => resolve(history)));
  const session = follow(context, server);
  server.api.chat = async () => ({ ...history, position: { at: "ended", node: "a" } });
  session.refresh();
  answer();
  await server.polled();
  await server.polled();
  assert.equal(session.model.live.position.at, "ended");
});

test("a full storage does not break the stream", async (context) => {
  const fail = () => {
    throw new Error("full");
  };
  globalThis.sessionStorage = { getItem: () => null, setItem: fail, removeItem: fail };
  context.after(() => delete globalThis.sessionStorage);
  const server = new Server();
  let notified = () => {};
  const session = new Session("a", server.api, () => notified(), memory("a"));
  context.after(() => session.close());
  session.start();
  const stream = await server.stream();
  stream.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  stream.send(item("one"), "1.2");
  await new Promise((done) => (notified = () => lastTextIs("one")(session) && done()));
  assert.equal(server.calls.length, 2);
});

test("a run whose process died is shown as interrupted, and the stream is closed", async (context) => {
  const server = new Server();
  const session = follow(context, server);
  const stream = await server.stream();
  stream.send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  await session.until(lastTextIs("hi"));
  server.history = { ...server.history, position: { at: "unfinished", node: "a" } };
  server.idle = true;
  stream.send({ type: "error", code: "interrupted", detail: "no more" });
  stream.end();
  await session.until(({ model }) => noticeOf(model)?.kind === "interrupted");
  assert.equal(session.connection.status, "open");
});

test("older messages are loaded page by page", async (context) => {
  const server = new Server();
  const messages = (from, to) => Array.from({ length: to - from }, (_, index) => ({ role: "user", text: `${from + index}` }));
  server.history = { ...server.history, first: 7, messages: messages(7, 10) };
  const session = follow(context, server);
  await server.stream();
  const requests = [];
  server.api.chat = async (id, { before }) => {
    requests.push(before);
    const first = Math.max(0, before - 4);
    return { ...server.history, first, messages: messages(first, before) };
  };
  await Promise.all([session.loadOlder(), session.loadOlder()]);
  await session.loadOlder();
  await session.loadOlder();
  assert.deepEqual(requests, [7, 3]);
  assert.deepEqual(messagesOf(session.model).map(({ text }) => text), messages(0, 10).map(({ text }) => text));
});

test("a reloaded page has the path of the run", async (context) => {
  const server = new Server();
  let kept;
  const memory = { get: () => kept, set: (cursor) => (kept = cursor) };
  const session = new Session("a", server.api, () => {}, memory);
  session.start();
  (await server.stream()).send({ type: "run_started", node: "a", prompt: "hi" }, "1.1");
  while (session.model.live.running === false) await new Promise(setImmediate);
  session.close();
  server.history = { ...server.history, cursor: "1.7", running: true };
  const again = new Session("a", server.api, () => {}, memory);
  context.after(() => again.close());
  again.start();
  await server.stream();
  assert.equal(server.calls.at(-1), "events from 1.0");
});
