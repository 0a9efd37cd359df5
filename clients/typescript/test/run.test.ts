import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BurdockError,
  ConnectionLostError,
  DetachedError,
  InvalidInputsError,
  ProtocolError,
  RunFailedError,
  RunInterruptedError,
  RunInProgressError,
  EventsTrimmedError,
  UnauthorizedError,
  RunUnfinishedError,
  UnknownSessionError,
  Burdock,
} from "../src/index.ts";
import { collect, gate, serve, immediate } from "./serve.ts";

const PROMPT = "one two three four";

test("iterating over a run yields its events up to the terminal one", async (t) => {
  const { burdock } = await serve(t);
  const run = burdock.session("a").run({ prompt: PROMPT });
  const events = await collect(run);
  assert.deepEqual(
    events.map((event) => event.type),
    ["run_started", "step_started", "item", "item", "item", "item", "step_committed", "run_paused"],
  );
  assert.equal((await run.finished).type, "run_paused");
  assert.equal(run.cursor, "1.8");
  assert.equal(await run.started, "1.0");
});

test("text() yields the growing text", async (t) => {
  const { burdock } = await serve(t);
  const texts = await collect(burdock.session("a").run({ prompt: "one two" }).text());
  assert.deepEqual(texts, [
    { text: "one ", delta: "one ", retracted: 0 },
    { text: "one two", delta: "two", retracted: 0 },
  ]);
});

test("text() takes a function that returns the text of an item", async (t) => {
  const { burdock } = await serve(t);
  const run = burdock.session("a").run({ prompt: PROMPT });
  let text = "";
  const pick = (item: string) => (item.startsWith("t") ? item.toUpperCase() : undefined);
  for await ({ text } of run.text(pick));
  assert.equal(text, "TWO THREE ");
});

test("text() retracts superseded items", async (t) => {
  const { burdock } = await serve(t);
  let text = "";
  let retracted = 0;
  for await (const change of burdock.session("a").run({ prompt: PROMPT, retry: true }).text()) {
    assert.equal(text.slice(0, text.length - change.retracted) + change.delta, change.text);
    text = change.text;
    retracted += change.retracted;
  }
  assert.equal(text, PROMPT);
  assert.equal(retracted, "one two ".length);
});

test("items() retracts superseded items", async (t) => {
  const { burdock } = await serve(t);
  const lengths: number[] = [];
  const run = burdock.session("a").run({ prompt: PROMPT, retry: true });
  for await (const { items } of run.items()) lengths.push(items.length);
  assert.deepEqual(lengths, [1, 2, 0, 1, 2, 3, 4]);
});

test("text() throws when the run fails, and the run can be resumed", async (t) => {
  const { burdock } = await serve(t);
  const session = burdock.session("a");
  const run = session.run({ prompt: PROMPT, fail: true });
  await assert.rejects(collect(run.text()), (error) => {
    assert(error instanceof RunFailedError);
    assert.equal(error.message, "the model is tired");
    assert.equal(error.event.node, "answer");
    return true;
  });
  assert.equal((await run.finished).type, "run_failed");
  await assert.rejects(session.start({ prompt: "x" }), RunUnfinishedError);
  let text = "";
  for await ({ text } of session.resume().text());
  assert.equal(text, PROMPT);
});

test("finished reads the stream without a loop, and a later loop receives all events", async (t) => {
  const { burdock } = await serve(t);
  const run = burdock.session("a").run({ prompt: PROMPT });
  assert.equal((await run.finished).type, "run_paused");
  assert.equal((await collect(run)).length, 8);
});

test("leaving the loop detaches, and the run continues", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(2);
  server.pace = held.pace;
  const session = burdock.session("a");
  const run = session.run({ prompt: PROMPT });
  for await (const event of run) if (event.type === "item") break;
  await assert.rejects(run.finished, DetachedError);
  while (server.readers > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await session.get()).running, true);
  held.open();
  const rest = await collect(session.events({ from: run.cursor, until: "run" }));
  assert.equal(rest.filter((event) => event.type === "item").length, 3);
  assert.equal(server.requests.filter((request) => request.startsWith("POST")).length, 1);
});

test("stop() ends the run, and the stream continues to the terminal event", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(2);
  server.pace = held.pace;
  const run = burdock.session("a").run({ prompt: PROMPT });
  const types: string[] = [];
  for await (const event of run) {
    types.push(event.type);
    if (types.length === 4) await run.stop().then(held.open);
  }
  assert.deepEqual(types, ["run_started", "step_started", "item", "item", "run_stopped"]);
});

test("aborting the signal detaches", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(1).pace;
  const abort = new AbortController();
  const run = burdock.session("a").run({ prompt: PROMPT }, { signal: abort.signal });
  const reading = collect(run);
  await run.started;
  abort.abort();
  await assert.rejects(reading, { name: "AbortError" });
});

test("a run detached before the response starts, and can be reattached", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  const run = session.run({ prompt: PROMPT });
  run.detach();
  await assert.rejects(collect(run), DetachedError);
  const rest = await collect(run.reattach());
  assert.equal(rest.length, 8);
  while (server.readers > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.requests.filter((request) => request.startsWith("POST")).length, 1);
});

test("reattach() continues where the loop was left", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(2);
  server.pace = held.pace;
  const run = burdock.session("a").run({ prompt: PROMPT });
  let seen = "";
  for await (const { delta } of run.text()) {
    seen += delta;
    if (seen === "one two ") break;
  }
  held.open();
  const rest = run.reattach();
  for await (const { delta } of rest.text()) seen += delta;
  assert.equal(seen, PROMPT);
  assert.equal((await rest.finished).type, "run_paused");
  assert.deepEqual(await collect(rest.reattach()), []);
});

test("reattach() throws when the run was interrupted", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(2).pace;
  const session = burdock.session("a");
  const run = session.run({ prompt: PROMPT });
  for await (const event of run) if (event.type === "item") break;
  server.crash();
  await assert.rejects(collect(run.reattach(immediate)), (error) => error instanceof RunInterruptedError && error.resumable);
});

test("aborting the signal cancels a request without a response", async () => {
  const abort = new AbortController();
  const fetch = (_: unknown, init?: RequestInit) => {
    return new Promise<Response>((_, reject) => init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason)));
  };
  const run = new Burdock("/x", { fetch }).session("a").run({ prompt: "x" }, { signal: abort.signal });
  const reading = collect(run);
  abort.abort(new TypeError("cancelled"));
  await assert.rejects(reading, { message: "cancelled" });
});

test("stop() after the end sends no request", async (t) => {
  const { server, burdock } = await serve(t);
  const run = burdock.session("a").run({ prompt: PROMPT });
  await run.finished;
  await run.stop();
  assert(!server.requests.some((request) => request.endsWith("/stop")));
});

test("iterating over a run twice throws", async (t) => {
  const { burdock } = await serve(t);
  const run = burdock.session("a").run({ prompt: PROMPT });
  await collect(run);
  await assert.rejects(collect(run), TypeError);
});

test("error responses are mapped to error classes", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  server.pace = gate(0).pace;
  await session.start({ prompt: PROMPT });
  await assert.rejects(collect(session.run({ prompt: PROMPT })), RunInProgressError);
  await assert.rejects(burdock.session("b").get(), UnknownSessionError);
  await assert.rejects(burdock.session("b").start({ prompt: "x" }, { expect: "existing" }), {
    status: 412,
    code: "precondition_failed",
  });
  await assert.rejects(session.start({ prompt: "x" }, { expect: "new" }), {
    status: 412,
    code: "session_exists",
  });
  await assert.rejects(session.start({} as never), (error) => {
    assert(error instanceof InvalidInputsError);
    assert.equal(error.status, 422);
    assert.equal(error.detail, "missing field `prompt`");
    assert.equal(error.message, "missing field `prompt` (422 invalid_inputs)");
    return true;
  });
});

test("the token is sent, and a wrong token is rejected", async (t) => {
  const { server, url } = await serve(t);
  server.token = "secret";
  await assert.rejects(new Burdock(url).graph(), UnauthorizedError);
  await assert.rejects(new Burdock(url, { token: "wrong" }).graph(), UnauthorizedError);
  assert.equal((await new Burdock(`${url}/`, { token: async () => "secret" }).graph()).name, "Echo");
});

test("a failing token function is reported as ConnectionLostError", async (t) => {
  const { url } = await serve(t);
  const token = () => Promise.reject(new TypeError("offline"));
  await assert.rejects(new Burdock(url, { token }).graph(), (error) => {
    return error instanceof ConnectionLostError && error.cause instanceof TypeError;
  });
});

test("an unreachable server is reported as ConnectionLostError without a retry", async () => {
  const burdock = new Burdock("http://127.0.0.1:9", { fetch: () => Promise.reject(new TypeError("no")) });
  const run = burdock.session("a").run({ prompt: "x" });
  await assert.rejects(collect(run), (error) => {
    assert(error instanceof ConnectionLostError);
    assert.equal(error.cursor, undefined);
    return true;
  });
  await assert.rejects(run.finished, ConnectionLostError);
});

test("a response that is not an event stream is reported as ProtocolError", async (t) => {
  const { server, burdock } = await serve(t);
  server.faults.push({ headers: { "content-type": "text/html" }, body: "<h1>Gateway</h1>" });
  await assert.rejects(collect(burdock.session("a").run({ prompt: "x" }, immediate)), ProtocolError);
  server.faults.push({ body: "data: <h1>\n\n" });
  await assert.rejects(collect(burdock.session("b").run({ prompt: "x" }, immediate)), ProtocolError);
});

test("an error response that is not JSON is reported with its status", async () => {
  const fetch = async () => new Response("<h1>", { status: 502, statusText: "Bad Gateway" });
  await assert.rejects(new Burdock("/x", { fetch }).graph(), (error) => {
    assert(error instanceof BurdockError);
    assert.equal(error.message, "Bad Gateway (502 http_502)");
    return true;
  });
});

test("a trimmed cursor is reported with the oldest cursor", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  await session.start({ prompt: "x" });
  server.faults.push({ status: 410, code: "trimmed", fields: { first: "1.3" } });
  await assert.rejects(collect(session.events({ ...immediate, from: "1.1" })), (error) => {
    assert(error instanceof EventsTrimmedError);
    assert.equal(error.first, "1.3");
    return true;
  });
});

test("a server crash interrupts the run and rewinds lost events", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(3).pace;
  const session = burdock.session("a");
  const run = session.run({ prompt: PROMPT }, immediate);
  const texts: string[] = [];
  await assert.rejects(async () => {
    for await (const { text } of run.text()) {
      texts.push(text);
      if (text === "one two three ") server.crash(2);
    }
  }, (error) => error instanceof RunInterruptedError && error.resumable);
  assert.deepEqual(texts, ["one ", "one two ", "one two three ", "one "]);
  assert.equal(run.cursor, "1.3");
});

test("a run whose start was lost in a crash is not resumable", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  await collect(session.run({ prompt: "x" }));
  server.pace = gate(1).pace;
  const run = session.run({ prompt: PROMPT }, immediate);
  const types: string[] = [];
  await assert.rejects(async () => {
    for await (const event of run) {
      types.push(event.type);
      if (event.type === "item") server.crash(3);
    }
  }, (error) => error instanceof RunInterruptedError && !error.resumable);
  assert.equal(types.at(-1), "rewound");
  assert.equal(run.cursor, "1.5");
});
