import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionLostError, SessionDeletedError, RunInterruptedError, type Connection } from "../src/index.ts";
import { below, random } from "./random.ts";
import { collect, gate, serve, immediate } from "./serve.ts";

const PROMPT = "one two three four five six seven";

test("a run cut at any byte has no gap and no repeat", async (t) => {
  const { server, burdock } = await serve(t);
  const whole = await collect(burdock.session("whole").run({ prompt: PROMPT }));
  for (let bytes = 0; bytes < 1300; bytes += 13) {
    const how = bytes % 2 === 0 ? "destroy" : "end";
    server.first = bytes % 3 === 0 ? "id" : "data";
    server.faults.push({ bytes, how });
    const run = burdock.session(`cut ${bytes}/ü`).run({ prompt: PROMPT }, immediate);
    assert.deepEqual(await collect(run), whole, `cut at ${bytes} by ${how}`);
    server.faults.length = 0;
  }
  const posts = server.requests.filter((request) => request.startsWith("POST"));
  assert.equal(new Set(posts).size, posts.length);
});

test("a run cut several times, in chunks of any size, has no gap and no repeat", async (t) => {
  const { server, burdock } = await serve(t);
  const next = random(11);
  const whole = await collect(burdock.session("whole").run({ prompt: PROMPT, retry: true }));
  for (let round = 0; round < 25; round += 1) {
    server.chunks = Array.from({ length: 5 }, () => 20 + below(next, 200));
    const faults = Array.from({ length: below(next, 6) }, () => ({ bytes: below(next, 900) }));
    server.faults.splice(0, server.faults.length, ...faults);
    const run = burdock.session(`${round}`).run({ prompt: PROMPT, retry: true }, immediate);
    assert.deepEqual(await collect(run), whole, JSON.stringify(faults));
  }
});

test("a busy server is retried after its delay", async (t) => {
  const { server, burdock } = await serve(t);
  server.faults.push({ bytes: 200 }, { status: 503, headers: { "retry-after": "0" } }, { status: 429 });
  const events = await collect(burdock.session("a").run({ prompt: PROMPT }, immediate));
  assert.equal(events.length, 11);
});

test("a connection that cannot be restored is reported with the cursor", async (t) => {
  const { server, burdock } = await serve(t);
  server.faults.push({ bytes: 250 }, ...Array.from({ length: 5 }, () => ({ status: 500 })));
  const run = burdock.session("a").run({ prompt: PROMPT }, immediate);
  await assert.rejects(collect(run), (error) => {
    assert(error instanceof ConnectionLostError);
    assert.equal(error.cursor, "1.2");
    return true;
  });
  const rest = await collect(burdock.session("a").events({ from: run.cursor, until: "run" }));
  assert.equal(rest.length, 9);
});

test("a stream that the server ends with an error event reconnects", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(3);
  server.pace = held.pace;
  const seen: string[] = [];
  for await (const event of burdock.session("a").run({ prompt: PROMPT }, immediate)) {
    seen.push(event.type);
    if (seen.length === 4) {
      server.error("lagged");
      held.open();
    }
  }
  assert.equal(seen.filter((type) => type === "item").length, 7);
  assert(!seen.includes("error"));
});

test("the error event `interrupted` is reported as RunInterruptedError", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(1).pace;
  await assert.rejects(async () => {
    for await (const event of burdock.session("a").run({ prompt: PROMPT }, immediate)) {
      if (event.type === "item") server.error("interrupted");
    }
  }, (error) => error instanceof RunInterruptedError && error.resumable);
});

test("a run followed by a run of another process was interrupted", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(1).pace;
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const event of burdock.session("a").run({ prompt: PROMPT }, immediate)) {
      seen.push(event.type);
      if (event.type !== "item") continue;
      server.crash();
      server.sessions.get("a")?.log.append({ type: "run_started", run: 9, node: "hear", inputs: {} });
    }
  }, (error) => error instanceof RunInterruptedError && !error.resumable);
  assert.equal(seen.filter((type) => type === "run_started").length, 1);
});

test("a deleted session is reported as SessionDeletedError", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(1).pace;
  await assert.rejects(async () => {
    for await (const event of burdock.session("a").run({ prompt: PROMPT }, immediate)) {
      if (event.type === "item") server.error("deleted");
    }
  }, SessionDeletedError);
});

test("an idle connection is closed after the idle timeout", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(1);
  server.pace = held.pace;
  const statuses: Connection[] = [];
  const run = burdock.session("a").run(
    { prompt: PROMPT },
    {
      reconnect: { delay: 0, idleTimeout: 50 },
      onConnection: (connection) => {
        statuses.push(connection);
        if (connection === "waiting") held.open();
      },
    },
  );
  assert.equal((await collect(run)).length, 11);
  assert.deepEqual(statuses, ["connecting", "open", "waiting", "connecting", "open"]);
});

test("an interrupted run is detected at the next keep-alive", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(2).pace;
  const session = burdock.session("a");
  const run = session.run({ prompt: PROMPT }, {
    ...immediate,
    onConnection: (connection) => {
      if (connection === "open" && server.requests.length > 1) setImmediate(() => server.keepAlive());
    },
  });
  await assert.rejects(async () => {
    for await (const event of run) {
      if (event.type !== "item") continue;
      server.crash();
      // opening a session adds an entry that is not an event
      server.sessions.get("a")?.log.append({ type: "session_created" });
    }
  }, RunInterruptedError);
  server.pace = () => Promise.resolve();
  const rest = await collect(session.resume());
  assert.equal(rest.at(-1)?.type, "run_paused");
});

test("a run that ends during the check for interruption was not interrupted", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(7);
  server.pace = held.pace;
  const run = burdock.session("a").run({ prompt: `${PROMPT} eight` }, immediate);
  const types: string[] = [];
  for await (const event of run) {
    types.push(event.type);
    if (types.length !== 9) continue;
    server.beforeRunningCheck = async () => {
      held.open();
      await server.sessions.get("a")?.working;
    };
    server.drop();
  }
  assert.deepEqual(types.slice(9), ["item", "step_committed", "run_paused"]);
});

test("following a session continues across runs until the loop is left", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  await session.run({ prompt: "one two" }).finished;
  const ends: string[] = [];
  for await (const event of session.events(immediate)) {
    if (event.type !== "run_paused") continue;
    ends.push(event.type);
    if (ends.length === 3) break;
    server.drop();
    await session.start({ prompt: "three" });
  }
  assert.equal(ends.length, 3);
});

test("following a run that has ended yields no events", async (t) => {
  const { burdock } = await serve(t);
  const session = burdock.session("a");
  const run = session.run({ prompt: "one" });
  await run.finished;
  assert.deepEqual(await collect(session.events({ from: run.cursor, until: "run" })), []);
});

test("a slow consumer does not trigger the idle timeout", async (t) => {
  const { burdock } = await serve(t);
  const statuses: Connection[] = [];
  const run = burdock.session("a").run(
    { prompt: PROMPT },
    { reconnect: { idleTimeout: 20 }, onConnection: (connection) => statuses.push(connection) },
  );
  for await (const event of run) {
    if (event.type === "run_started") await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.deepEqual(statuses, ["connecting", "open"]);
});

test("a stable connection resets the number of failed attempts", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  await session.run({ prompt: "one" }).finished;
  let cut = 0;
  const onConnection = (connection: Connection) => {
    if (connection !== "open" || cut === 5) return;
    cut += 1;
    setImmediate(() => {
      server.keepAlive();
      if (cut === 5) void session.start({ prompt: "two" });
      else setImmediate(() => server.drop());
    });
  };
  const { cursor: from } = await session.get();
  const events = session.events({ from, reconnect: { delay: 0, attempts: 1 }, onConnection });
  for await (const event of events) if (event.type === "run_paused") break;
  assert.equal(cut, 5);
});

test("an error thrown by a callback is not treated as a lost connection", async (t) => {
  const { burdock } = await serve(t);
  const onConnection = () => {
    throw new RangeError("mine");
  };
  await assert.rejects(collect(burdock.session("a").run({ prompt: PROMPT }, { ...immediate, onConnection })), RangeError);
});
