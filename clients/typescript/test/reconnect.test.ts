import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionLost, Deleted, RunInterrupted, type Connection } from "../src/index.ts";
import { below, random } from "./random.ts";
import { collect, gate, serve, soon } from "./serve.ts";

const PROMPT = "one two three four five six seven";

test("a run is cut at every byte, and nothing is missing or repeated", async (t) => {
  const { server, burdock } = await serve(t);
  const whole = await collect(burdock.session("whole").run({ prompt: PROMPT }));
  for (let bytes = 0; bytes < 1300; bytes += 13) {
    const how = bytes % 2 === 0 ? "destroy" : "end";
    server.first = bytes % 3 === 0 ? "id" : "data";
    server.faults.push({ bytes, how });
    const run = burdock.session(`cut ${bytes}/ü`).run({ prompt: PROMPT }, soon);
    assert.deepEqual(await collect(run), whole, `cut at ${bytes} by ${how}`);
    server.faults.length = 0;
  }
  const posts = server.requests.filter((request) => request.startsWith("POST"));
  assert.equal(new Set(posts).size, posts.length);
});

test("a run is cut again and again, in chunks of any size", async (t) => {
  const { server, burdock } = await serve(t);
  const next = random(11);
  const whole = await collect(burdock.session("whole").run({ prompt: PROMPT, retry: true }));
  for (let round = 0; round < 25; round += 1) {
    server.chunks = Array.from({ length: 5 }, () => 20 + below(next, 200));
    const faults = Array.from({ length: below(next, 6) }, () => ({ bytes: below(next, 900) }));
    server.faults.splice(0, server.faults.length, ...faults);
    const run = burdock.session(`${round}`).run({ prompt: PROMPT, retry: true }, soon);
    assert.deepEqual(await collect(run), whole, JSON.stringify(faults));
  }
});

test("a server that is busy is asked again, and its delay kept", async (t) => {
  const { server, burdock } = await serve(t);
  server.faults.push({ bytes: 200 }, { status: 503, headers: { "retry-after": "0" } }, { status: 429 });
  const events = await collect(burdock.session("a").run({ prompt: PROMPT }, soon));
  assert.equal(events.length, 11);
});

test("a connection that does not come back is told, with the cursor", async (t) => {
  const { server, burdock } = await serve(t);
  server.faults.push({ bytes: 250 }, ...Array.from({ length: 5 }, () => ({ status: 500 })));
  const run = burdock.session("a").run({ prompt: PROMPT }, soon);
  await assert.rejects(collect(run), (error) => {
    assert(error instanceof ConnectionLost);
    assert.equal(error.cursor, "1.2");
    return true;
  });
  const rest = await collect(burdock.session("a").events({ from: run.cursor, until: "run" }));
  assert.equal(rest.length, 9);
});

test("a stream that the server ends by an error goes on", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(3);
  server.pace = held.pace;
  const seen: string[] = [];
  for await (const event of burdock.session("a").run({ prompt: PROMPT }, soon)) {
    seen.push(event.type);
    if (seen.length === 4) {
      server.error("lagged");
      held.open();
    }
  }
  assert.equal(seen.filter((type) => type === "item").length, 7);
  assert(!seen.includes("error"));
});

test("a run that could not be written to its end is interrupted", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(1).pace;
  await assert.rejects(async () => {
    for await (const event of burdock.session("a").run({ prompt: PROMPT }, soon)) {
      if (event.type === "item") server.error("interrupted");
    }
  }, (error) => error instanceof RunInterrupted && error.resumable);
});

test("a run that is followed by the run of another process is interrupted", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(1).pace;
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const event of burdock.session("a").run({ prompt: PROMPT }, soon)) {
      seen.push(event.type);
      if (event.type !== "item") continue;
      server.crash();
      server.sessions.get("a")?.log.append({ type: "run_started", run: 9, node: "hear", inputs: {} });
    }
  }, (error) => error instanceof RunInterrupted && !error.resumable);
  assert.equal(seen.filter((type) => type === "run_started").length, 1);
});

test("a session that is deleted is told", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(1).pace;
  await assert.rejects(async () => {
    for await (const event of burdock.session("a").run({ prompt: PROMPT }, soon)) {
      if (event.type === "item") server.error("deleted");
    }
  }, Deleted);
});

test("a connection that says nothing is given up", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(1);
  server.pace = held.pace;
  const told: Connection[] = [];
  const run = burdock.session("a").run(
    { prompt: PROMPT },
    {
      reconnect: { delay: 0, silence: 50 },
      onConnection: (connection) => {
        told.push(connection);
        if (connection === "waiting") held.open();
      },
    },
  );
  assert.equal((await collect(run)).length, 11);
  assert.deepEqual(told, ["connecting", "open", "waiting", "connecting", "open"]);
});

test("a run that nobody works at any more is interrupted, if only a keep-alive tells", async (t) => {
  const { server, burdock } = await serve(t);
  server.pace = gate(2).pace;
  const session = burdock.session("a");
  const run = session.run({ prompt: PROMPT }, {
    ...soon,
    onConnection: (connection) => {
      if (connection === "open" && server.requests.length > 1) setImmediate(() => server.keepAlive());
    },
  });
  await assert.rejects(async () => {
    for await (const event of run) {
      if (event.type !== "item") continue;
      server.crash();
      // what a process notes when it opens the session is no event
      server.sessions.get("a")?.log.append({ type: "session_created" });
    }
  }, RunInterrupted);
  server.pace = () => Promise.resolve();
  const rest = await collect(session.resume());
  assert.equal(rest.at(-1)?.type, "run_paused");
});

test("a run that ends while it is asked about was not interrupted", async (t) => {
  const { server, burdock } = await serve(t);
  const held = gate(7);
  server.pace = held.pace;
  const run = burdock.session("a").run({ prompt: `${PROMPT} eight` }, soon);
  const types: string[] = [];
  for await (const event of run) {
    types.push(event.type);
    if (types.length !== 9) continue;
    server.between = async () => {
      held.open();
      await server.sessions.get("a")?.working;
    };
    server.drop();
  }
  assert.deepEqual(types.slice(9), ["item", "step_committed", "run_paused"]);
});

test("following a session goes on from run to run, until it is left", async (t) => {
  const { server, burdock } = await serve(t);
  const session = burdock.session("a");
  await session.run({ prompt: "one two" }).finished;
  const ends: string[] = [];
  for await (const event of session.events(soon)) {
    if (event.type !== "run_paused") continue;
    ends.push(event.type);
    if (ends.length === 3) break;
    server.drop();
    await session.start({ prompt: "three" });
  }
  assert.equal(ends.length, 3);
});

test("following until the end of a run that has ended is over at once", async (t) => {
  const { burdock } = await serve(t);
  const session = burdock.session("a");
  const run = session.run({ prompt: "one" });
  await run.finished;
  assert.deepEqual(await collect(session.events({ from: run.cursor, until: "run" })), []);
});

test("a consumer that takes its time is not taken for a silent server", async (t) => {
  const { burdock } = await serve(t);
  const told: Connection[] = [];
  const run = burdock.session("a").run(
    { prompt: PROMPT },
    { reconnect: { silence: 20 }, onConnection: (connection) => told.push(connection) },
  );
  for await (const event of run) {
    if (event.type === "run_started") await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.deepEqual(told, ["connecting", "open"]);
});

test("a connection that was there for a while breaks for the first time, each time", async (t) => {
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

test("a mistake of who listens is no lost connection", async (t) => {
  const { burdock } = await serve(t);
  const onConnection = () => {
    throw new RangeError("mine");
  };
  await assert.rejects(collect(burdock.session("a").run({ prompt: PROMPT }, { ...soon, onConnection })), RangeError);
});
