import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, gate, serve, immediate } from "./serve.ts";

test("sessions are listed page by page", async (t) => {
  const { server, burdock } = await serve(t);
  for (const id of ["a1", "a2", "a3", "a4", "b1"]) await burdock.session(id).start({ prompt: "x" });
  const all = await collect(burdock.sessions({ limit: 2 }));
  assert.deepEqual(all.map(({ session }) => session), ["a1", "a2", "a3", "a4", "b1"]);
  const some = await collect(burdock.sessions({ prefix: "a", limit: 3 }));
  assert.equal(some.length, 4);
  assert.equal(server.requests.filter((request) => request.includes("limit=3")).length, 2);
});

test("chats are listed page by page, with their titles", async (t) => {
  const { burdock } = await serve(t);
  for (const id of ["a", "b", "c"]) await burdock.session(id).start({ prompt: `the chat ${id}` });
  const all = await collect(burdock.chats({ limit: 2 }));
  assert.deepEqual(all.map(({ session, title }) => [session, title]), [
    ["a", "the chat a"],
    ["b", "the chat b"],
    ["c", "the chat c"],
  ]);
});

test("sessions can be read, forked and deleted", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a/b?ü");
  await session.run({ prompt: "x" }).finished;
  const info = await session.get();
  assert.equal(info.session, "a/b?ü");
  assert.equal(info.state.turns, 1);
  assert.deepEqual(info.position, { at: "rest", node: "answer" });
  const fork = await session.fork("c", { at: info.cursor });
  assert.equal(fork.id, "c");
  assert(server.sessions.has("c"));
  await session.delete();
  assert(!server.sessions.has("a/b?ü"));
});

test("session ids that cannot be part of a URL are rejected", async (t) => {
  const { burdock } = await serve(t);
  for (const id of ["", ".", ".."]) assert.throws(() => burdock.session(id), TypeError);
});

test("chats can be sent messages, read and retried", async (t) => {
  const { burdock } = await serve(t);
  const session = burdock.session("a");
  let text = "";
  for await ({ text } of session.send("one two", immediate).text());
  assert.equal(text, "one two");
  const [first] = await collect(session.send("three fail", immediate));
  assert(first?.type === "run_started");
  assert.equal(first.prompt, "three fail");
  for await ({ text } of session.retry(immediate).text());
  assert.equal(text, "three fail");
  const chat = await session.chat();
  assert.equal(chat.title, "Echo");
  assert.equal(chat.messages.length, 4);
  assert.equal(chat.running, false);
});

test("the run of a chat can be stopped", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(1);
  server.pace = held.pace;
  const run = burdock.session("a").send("one two");
  for await (const { text } of run.text()) {
    assert.equal(text, "one ");
    await run.stop().then(held.open);
  }
  assert.equal((await run.finished).type, "run_stopped");
});
