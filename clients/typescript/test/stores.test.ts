import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatStore, RunFailedError, RunStore, RunInProgressError, type Chat } from "../src/index.ts";
import type { FakeServer } from "./fake/server.ts";
import { gate, serve, until } from "./serve.ts";

const immediate = { delay: 0 };

const textsOf = ({ messages }: Chat) => messages.map(({ text }) => text).join("|");

test("the first message creates the session", async (t) => {
  const { burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), immediate);
  t.after(store.subscribe(() => undefined));
  assert.equal((await until(store, ({ status }) => status === "idle")).messages.length, 0);
  assert.equal(await store.send("one two"), true);
  const chat = await until(store, (chat) => chat.status === "idle" && chat.messages.length === 2);
  assert.deepEqual(chat.messages, [
    { role: "user", text: "one two" },
    { role: "assistant", text: "one two" },
  ]);
  assert.equal(chat.title, "Echo");
});

test("all stores on a chat show the same messages, including one opened later", async (t) => {
  const { server, burdock } = await serve(t);
  await burdock.session("a").send("zero").finished;
  const held = gate(2);
  server.pace = held.pace;
  const [first, second, third] = [1, 2, 3].map(() => new ChatStore(burdock.session("a"), immediate));
  t.after(first!.subscribe(() => undefined));
  t.after(second!.subscribe(() => undefined));
  await Promise.all([until(first!, ({ status }) => status === "idle"), until(second!, ({ status }) => status === "idle")]);
  await first!.send("one two three");
  const half = "zero|zero|one two three|one two ";
  await until(first!, (chat) => textsOf(chat) === half);
  await until(second!, (chat) => textsOf(chat) === half && chat.status === "running");
  t.after(third!.subscribe(() => undefined));
  await until(third!, (chat) => textsOf(chat) === half);
  assert.equal(await second!.send("four"), false);
  assert(second!.snapshot().error instanceof RunInProgressError);
  server.drop();
  held.open();
  const whole = "zero|zero|one two three|one two three";
  for (const store of [first!, second!, third!]) {
    await until(store, (chat) => textsOf(chat) === whole && chat.status === "idle");
  }
});

test("a stopped chat keeps its text and can be retried", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(1);
  server.pace = held.pace;
  const store = new ChatStore(burdock.session("a"), immediate);
  t.after(store.subscribe(() => undefined));
  await store.send("one two");
  await until(store, (chat) => textsOf(chat) === "one two|one ");
  await store.stop();
  held.open();
  const chat = await until(store, ({ status }) => status === "unfinished");
  assert.equal(textsOf(chat), "one two|one ");
  assert.equal(chat.error, undefined);
  await store.retry();
  await until(store, ({ status }) => status === "idle");
});

test("a failure is shown until a retry", async (t) => {
  const { burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), immediate);
  t.after(store.subscribe(() => undefined));
  await store.send("one fail");
  const chat = await until(store, ({ error }) => error !== undefined);
  assert.equal(chat.status, "unfinished");
  assert(chat.error instanceof RunFailedError);
  assert.equal(textsOf(chat), "one fail");
  await store.retry();
  const better = await until(store, ({ status }) => status === "idle");
  assert.equal(better.error, undefined);
  assert.equal(textsOf(better), "one fail|one fail");
});

test("a server crash leaves the answer unfinished, without the lost text", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  await session.send("zero").finished; // the terminal event follows the commit
  const store = new ChatStore(session, immediate);
  t.after(store.subscribe(() => undefined));
  server.pace = gate(2).pace;
  await session.start({ prompt: "one two three" });
  await until(store, (chat) => textsOf(chat) === "zero|zero|one two three|one two ");
  server.crash(1);
  const left = "zero|zero|one two three|one ";
  await until(store, (chat) => chat.status === "unfinished" && textsOf(chat) === left);
  server.crash();
  await until(store, (chat) => chat.connection === "waiting");
  await until(store, (chat) => chat.connection === "open" && chat.status === "unfinished");
  const later = new ChatStore(burdock.session("a"), immediate);
  t.after(later.subscribe(() => undefined));
  const chat = await until(later, (chat) => textsOf(chat) === left);
  assert.equal(chat.status, "unfinished");
});

/** Makes the server lose the last entry, so that the history is read again. */
async function forceReread(server: FakeServer, store: ChatStore): Promise<void> {
  const reads = () => server.requests.filter((request) => request === "GET /sessions/a/chat").length;
  const before = reads();
  server.crash(1);
  await until(store, () => reads() > before);
  const followed = server.requests.length;
  while (server.readers === 0 || server.requests.length === followed) await new Promise((resolve) => setImmediate(resolve));
}

test("a long chat shows its newest messages, and loads older ones on request", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  for (let turn = 0; turn < 60; turn += 1) await session.send(`p${turn}`).finished;
  const store = new ChatStore(session, immediate);
  t.after(store.subscribe(() => undefined));
  const newest = await until(store, ({ status }) => status === "idle");
  assert.deepEqual([newest.first, newest.messages.length, newest.messages[0]?.text], [70, 50, "p35"]);
  await store.send("p60");
  await until(store, ({ status, messages }) => status === "idle" && messages.length === 52);
  assert.deepEqual(await Promise.all([store.loadOlder(), store.loadOlder()]), [true, true]);
  assert.deepEqual([store.snapshot().first, textsOf(store.snapshot()).slice(0, 9)], [20, "p10|p10|p"]);
  await forceReread(server, store);
  assert.equal(store.snapshot().first, 20, "older messages are kept");
  assert.equal(await store.loadOlder(), true);
  const { first, messages } = store.snapshot();
  assert.deepEqual([first, messages.length], [0, 122]);
  const reads = server.requests.filter((request) => request.startsWith("GET") && request.includes("/chat?before")).length;
  assert.equal(await store.loadOlder(), true);
  assert.equal(reads, 2);
  assert.equal(server.requests.filter((request) => request.includes("/chat?before")).length, 2);
});

test("a rewritten chat discards the older messages", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  for (let turn = 0; turn < 40; turn += 1) await session.send(`p${turn}`).finished;
  const store = new ChatStore(session, immediate);
  t.after(store.subscribe(() => undefined));
  await until(store, ({ status }) => status === "idle");
  await store.loadOlder();
  assert.equal(store.snapshot().first, 0);
  server.sessions.get("a")!.messages.splice(50, 1, { role: "user", text: "another" });
  await forceReread(server, store);
  assert.equal(store.snapshot().messages.length, 50);
});

test("a chat retries until its server is reachable", async (t) => {
  const { server, burdock, url } = await serve(t);
  await burdock.session("a").send("one").finished;
  await server.close();
  const store = new ChatStore(burdock.session("a"), immediate);
  t.after(store.subscribe(() => undefined));
  await until(store, ({ connection }) => connection === "waiting");
  await server.listen(Number(new URL(url).port));
  await until(store, (chat) => textsOf(chat) === "one|one");
});

test("a chat without subscribers has no connection", async (t) => {
  const { server, burdock } = await serve(t);
  await burdock.session("a").send("one").finished;
  const store = new ChatStore(burdock.session("a"), immediate);
  await until(store, ({ connection }) => connection === "open");
  while (server.readers > 0) await new Promise((resolve) => setImmediate(resolve));
  await until(store, (chat) => textsOf(chat) === "one|one");
});

test("a session created by another page is detected", async (t) => {
  const { burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), immediate, 5);
  t.after(store.subscribe(() => undefined));
  await until(store, ({ status }) => status === "idle");
  await burdock.session("a").send("one two").finished;
  await until(store, (chat) => textsOf(chat) === "one two|one two");
});

test("polling for a session that does not exist causes no changes", async (t) => {
  const { server, burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), immediate, 1);
  let changes = 0;
  t.after(store.subscribe(() => (changes += 1)));
  await until(store, ({ status }) => status === "idle");
  const before = changes;
  const polls = server.requests.length;
  while (server.requests.length < polls + 3) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(changes, before);
});

test("a rejected chat shows the error, and reopens after the next successful request", async (t) => {
  const { server, burdock } = await serve(t);
  await burdock.session("a").send("one").finished;
  server.token = "secret";
  const store = new ChatStore(burdock.session("a"), immediate);
  t.after(store.subscribe(() => undefined));
  const refused = await until(store, ({ connection }) => connection === "closed");
  assert.equal(refused.error?.code, "unauthorized");
  server.token = undefined;
  assert.equal(await store.send("two"), true);
  const chat = await until(store, (chat) => textsOf(chat) === "one|one|two|two" && chat.status === "idle");
  assert.equal(chat.error, undefined);
});

test("a run store shows the progress of a run", async (t) => {
  const { burdock } = await serve(t);
  const types: string[] = [];
  const onEvent = ({ type }: { type: string }) => types.push(type);
  const store = new RunStore(burdock.session("a"), { onEvent });
  t.after(store.subscribe(() => undefined));
  store.start({ prompt: "one two", fail: true });
  const failed = await until(store, ({ status }) => status === "finished");
  assert(failed.error instanceof RunFailedError);
  assert.equal(failed.text, "");
  store.resume();
  const view = await until(store, ({ status }) => status === "finished");
  assert.equal(view.text, "one two");
  assert.equal(view.end?.type, "run_paused");
  assert.equal(view.error, undefined);
  assert.equal(types.at(-1), "run_paused");
});

test("a run that cannot be started shows the error", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(0).pace;
  await burdock.session("a").start({ prompt: "x" });
  const store = new RunStore(burdock.session("a"));
  t.after(store.subscribe(() => undefined));
  store.start({ prompt: "y" });
  const { error } = await until(store, ({ status }) => status === "finished");
  assert(error instanceof RunInProgressError);
});

test("a run without subscribers continues, and a new subscriber sees the rest", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(2);
  server.pace = held.pace;
  const store = new RunStore(burdock.session("a"));
  const leave = store.subscribe(() => undefined);
  store.start({ prompt: "one two three" });
  await until(store, ({ text }) => text === "one two ");
  leave();
  while (server.readers > 0) await new Promise((resolve) => setImmediate(resolve));
  held.open();
  while (server.sessions.get("a")?.working) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(store.snapshot().text, "one two ");
  t.after(store.subscribe(() => undefined));
  const { text, end } = await until(store, ({ status }) => status === "finished");
  assert.equal(text, "one two three");
  assert.equal(end?.type, "run_paused");
});

test("unsubscribing and subscribing again starts the run only once", async (t) => {
  const { server, burdock } = await serve(t);
  const store = new RunStore(burdock.session("a"));
  const leave = store.subscribe(() => undefined);
  store.start({ prompt: "one two" });
  leave();
  t.after(store.subscribe(() => undefined));
  const { text } = await until(store, ({ status }) => status === "finished");
  assert.equal(text, "one two");
  assert.equal(server.requests.filter((request) => request.startsWith("POST")).length, 1);
});

test("a run store retries until its server is reachable", async (t) => {
  const { server, burdock } = await serve(t);
  const store = new RunStore(burdock.session("a"), { reconnect: immediate });
  t.after(store.subscribe(() => undefined));
  server.faults.push({ bytes: 200 }, ...Array.from({ length: 20 }, () => ({ status: 503 })));
  store.start({ prompt: "one two" });
  const { text, error } = await until(store, ({ status }) => status === "finished");
  assert.equal(error, undefined);
  assert.equal(text, "one two");
});

test("a new run discards the text of the previous one", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(1);
  server.pace = held.pace;
  const store = new RunStore(burdock.session("a"));
  t.after(store.subscribe(() => undefined));
  store.start({ prompt: "one two" });
  await until(store, ({ text }) => text === "one ");
  store.start({ prompt: "three" });
  const { text, error } = await until(store, ({ status }) => status === "finished");
  assert.equal(text, "");
  assert(error instanceof RunInProgressError);
  held.open();
});

test("an error thrown by a listener ends the run view and is shown", async (t) => {
  const { burdock } = await serve(t);
  const onEvent = () => {
    throw new RangeError("mine");
  };
  const store = new RunStore(burdock.session("a"), { onEvent });
  t.after(store.subscribe(() => undefined));
  store.start({ prompt: "one" });
  const { error } = await until(store, ({ status }) => status === "finished");
  assert.equal(error?.code, "client");
  assert(error.cause instanceof RangeError);
});

test("a failed stop shows the error", async (t) => {
  const { server, burdock } = await serve(t);
  const store = new RunStore(burdock.session("a"));
  t.after(store.subscribe(() => undefined));
  assert.equal(await store.stop(), false);
  const held = gate(1);
  server.pace = held.pace;
  store.start({ prompt: "one two" });
  await until(store, ({ text }) => text === "one ");
  server.token = "secret";
  assert.equal(await store.stop(), false);
  assert.equal(store.snapshot().error?.code, "unauthorized");
  assert.equal(store.snapshot().status, "running");
  server.token = undefined;
  assert.equal(await store.stop(), true);
  held.open();
  const { end } = await until(store, ({ status }) => status === "finished");
  assert.equal(end?.type, "run_stopped");
});
