import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatStore, RunFailed, RunStore, Running, type Chat } from "../src/index.ts";
import type { FakeServer } from "./fake/server.ts";
import { gate, serve, until } from "./serve.ts";

const soon = { delay: 0 };

const said = ({ messages }: Chat) => messages.map(({ text }) => text).join("|");

test("a chat that is not there is made by what is said first", async (t) => {
  const { burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), soon);
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

test("two pages on a chat are equal, and so is one that comes later", async (t) => {
  const { server, burdock } = await serve(t);
  await burdock.session("a").send("zero").finished;
  const held = gate(2);
  server.pace = held.pace;
  const [first, second, third] = [1, 2, 3].map(() => new ChatStore(burdock.session("a"), soon));
  t.after(first!.subscribe(() => undefined));
  t.after(second!.subscribe(() => undefined));
  await Promise.all([until(first!, ({ status }) => status === "idle"), until(second!, ({ status }) => status === "idle")]);
  await first!.send("one two three");
  const half = "zero|zero|one two three|one two ";
  await until(first!, (chat) => said(chat) === half);
  await until(second!, (chat) => said(chat) === half && chat.status === "running");
  t.after(third!.subscribe(() => undefined));
  await until(third!, (chat) => said(chat) === half);
  assert.equal(await second!.send("four"), false);
  assert(second!.snapshot().error instanceof Running);
  server.drop();
  held.open();
  const whole = "zero|zero|one two three|one two three";
  for (const store of [first!, second!, third!]) {
    await until(store, (chat) => said(chat) === whole && chat.status === "idle");
  }
});

test("a chat is stopped, keeps what was shown, and is retried", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(1);
  server.pace = held.pace;
  const store = new ChatStore(burdock.session("a"), soon);
  t.after(store.subscribe(() => undefined));
  await store.send("one two");
  await until(store, (chat) => said(chat) === "one two|one ");
  await store.stop();
  held.open();
  const chat = await until(store, ({ status }) => status === "unfinished");
  assert.equal(said(chat), "one two|one ");
  assert.equal(chat.error, undefined);
  await store.retry();
  await until(store, ({ status }) => status === "idle");
});

test("a failure is shown, and a retry takes it away", async (t) => {
  const { burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), soon);
  t.after(store.subscribe(() => undefined));
  await store.send("one fail");
  const chat = await until(store, ({ error }) => error !== undefined);
  assert.equal(chat.status, "unfinished");
  assert(chat.error instanceof RunFailed);
  assert.equal(said(chat), "one fail");
  await store.retry();
  const better = await until(store, ({ status }) => status === "idle");
  assert.equal(better.error, undefined);
  assert.equal(said(better), "one fail|one fail");
});

test("a crash of the server leaves an answer unfinished, and takes back what it lost", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  await session.send("zero").finished; // whose end comes behind its commit
  const store = new ChatStore(session, soon);
  t.after(store.subscribe(() => undefined));
  server.pace = gate(2).pace;
  await session.start({ prompt: "one two three" });
  await until(store, (chat) => said(chat) === "zero|zero|one two three|one two ");
  server.crash(1);
  const left = "zero|zero|one two three|one ";
  await until(store, (chat) => chat.status === "unfinished" && said(chat) === left);
  server.crash();
  await until(store, (chat) => chat.connection === "waiting");
  await until(store, (chat) => chat.connection === "open" && chat.status === "unfinished");
  const later = new ChatStore(burdock.session("a"), soon);
  t.after(later.subscribe(() => undefined));
  const chat = await until(later, (chat) => said(chat) === left);
  assert.equal(chat.status, "unfinished");
});

/** The server loses the last entry, so that the chat is read again. */
async function readAgain(server: FakeServer, store: ChatStore): Promise<void> {
  const reads = () => server.requests.filter((request) => request === "GET /sessions/a/chat").length;
  const before = reads();
  server.crash(1);
  await until(store, () => reads() > before);
  const followed = server.requests.length;
  while (server.readers === 0 || server.requests.length === followed) await new Promise((resolve) => setImmediate(resolve));
}

test("a long chat is shown from its end, and its older messages are loaded when asked for", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  for (let turn = 0; turn < 60; turn += 1) await session.send(`p${turn}`).finished;
  const store = new ChatStore(session, soon);
  t.after(store.subscribe(() => undefined));
  const newest = await until(store, ({ status }) => status === "idle");
  assert.deepEqual([newest.first, newest.messages.length, newest.messages[0]?.text], [70, 50, "p35"]);
  await store.send("p60");
  await until(store, ({ status, messages }) => status === "idle" && messages.length === 52);
  assert.deepEqual(await Promise.all([store.older(), store.older()]), [true, true]);
  assert.deepEqual([store.snapshot().first, said(store.snapshot()).slice(0, 9)], [20, "p10|p10|p"]);
  await readAgain(server, store);
  assert.equal(store.snapshot().first, 20, "what was loaded is still there");
  assert.equal(await store.older(), true);
  const { first, messages } = store.snapshot();
  assert.deepEqual([first, messages.length], [0, 122]);
  const reads = server.requests.filter((request) => request.startsWith("GET") && request.includes("/chat?before")).length;
  assert.equal(await store.older(), true);
  assert.equal(reads, 2);
  assert.equal(server.requests.filter((request) => request.includes("/chat?before")).length, 2);
});

test("a chat that was rewritten forgets the older messages that it had", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  for (let turn = 0; turn < 40; turn += 1) await session.send(`p${turn}`).finished;
  const store = new ChatStore(session, soon);
  t.after(store.subscribe(() => undefined));
  await until(store, ({ status }) => status === "idle");
  await store.older();
  assert.equal(store.snapshot().first, 0);
  server.sessions.get("a")!.messages.splice(50, 1, { role: "user", text: "another" });
  await readAgain(server, store);
  assert.equal(store.snapshot().messages.length, 50);
});

test("a chat waits for its server", async (t) => {
  const { server, burdock, url } = await serve(t);
  await burdock.session("a").send("one").finished;
  await server.close();
  const store = new ChatStore(burdock.session("a"), soon);
  t.after(store.subscribe(() => undefined));
  await until(store, ({ connection }) => connection === "waiting");
  await server.listen(Number(new URL(url).port));
  await until(store, (chat) => said(chat) === "one|one");
});

test("a chat that nobody shows has no connection", async (t) => {
  const { server, burdock } = await serve(t);
  await burdock.session("a").send("one").finished;
  const store = new ChatStore(burdock.session("a"), soon);
  await until(store, ({ connection }) => connection === "open");
  while (server.readers > 0) await new Promise((resolve) => setImmediate(resolve));
  await until(store, (chat) => said(chat) === "one|one");
});

test("a chat that another page makes is found", async (t) => {
  const { burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), soon, 5);
  t.after(store.subscribe(() => undefined));
  await until(store, ({ status }) => status === "idle");
  await burdock.session("a").send("one two").finished;
  await until(store, (chat) => said(chat) === "one two|one two");
});

test("a chat that nobody has made yet changes nothing while it is looked for", async (t) => {
  const { server, burdock } = await serve(t);
  const store = new ChatStore(burdock.session("a"), soon, 1);
  let changes = 0;
  t.after(store.subscribe(() => (changes += 1)));
  await until(store, ({ status }) => status === "idle");
  const before = changes;
  const looks = server.requests.length;
  while (server.requests.length < looks + 3) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(changes, before);
});

test("a chat that is refused says so, and is there again when something is taken", async (t) => {
  const { server, burdock } = await serve(t);
  await burdock.session("a").send("one").finished;
  server.token = "secret";
  const store = new ChatStore(burdock.session("a"), soon);
  t.after(store.subscribe(() => undefined));
  const refused = await until(store, ({ connection }) => connection === "closed");
  assert.equal(refused.error?.code, "unauthorized");
  server.token = undefined;
  assert.equal(await store.send("two"), true);
  const chat = await until(store, (chat) => said(chat) === "one|one|two|two" && chat.status === "idle");
  assert.equal(chat.error, undefined);
});

test("a run is shown as it goes", async (t) => {
  const { burdock } = await serve(t);
  const types: string[] = [];
  const onEvent = ({ type }: { type: string }) => types.push(type);
  const store = new RunStore(burdock.session("a"), { onEvent });
  t.after(store.subscribe(() => undefined));
  store.start({ prompt: "one two", fail: true });
  const failed = await until(store, ({ status }) => status === "finished");
  assert(failed.error instanceof RunFailed);
  assert.equal(failed.text, "");
  store.resume();
  const view = await until(store, ({ status }) => status === "finished");
  assert.equal(view.text, "one two");
  assert.equal(view.end?.type, "run_paused");
  assert.equal(view.error, undefined);
  assert.equal(types.at(-1), "run_paused");
});

test("a run that cannot be begun says why", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(0).pace;
  await burdock.session("a").start({ prompt: "x" });
  const store = new RunStore(burdock.session("a"));
  t.after(store.subscribe(() => undefined));
  store.start({ prompt: "y" });
  const { error } = await until(store, ({ status }) => status === "finished");
  assert(error instanceof Running);
});

test("a run that nobody shows goes on, and is shown on where it was left", async (t) => {
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

test("a run that is left and shown again at once is begun once", async (t) => {
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

test("a run that is shown waits for its server", async (t) => {
  const { server, burdock } = await serve(t);
  const store = new RunStore(burdock.session("a"), { reconnect: soon });
  t.after(store.subscribe(() => undefined));
  server.faults.push({ bytes: 200 }, ...Array.from({ length: 20 }, () => ({ status: 503 })));
  store.start({ prompt: "one two" });
  const { text, error } = await until(store, ({ status }) => status === "finished");
  assert.equal(error, undefined);
  assert.equal(text, "one two");
});

test("a run that takes the place of another shows nothing of it", async (t) => {
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
  assert(error instanceof Running);
  held.open();
});

test("a listener's mistake ends what is shown, and is told", async (t) => {
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

test("a stop that fails is told", async (t) => {
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
