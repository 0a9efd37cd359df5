import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeServer } from "../build/test/fake/server.js";
import { interop } from "./interop.js";

const prompt = Array.from({ length: 40 }, (_, index) => `word-${index} é🌱`).join(" ");

// fetch-event-source updates its last event id as soon as it has parsed the `id` line. The id is the last
// field of a block, so that only a cut in the one byte between that line and the blank line loses an event.
test("third-party clients receive the same events, without a gap or a repeat", async (t) => {
  const server = new FakeServer();
  server.retry = 20;
  const base = await server.listen();
  t.after(() => server.close());
  const cuts = [80, 333, 777, 1201, 5, 250];
  const rows = await interop(t, base, { inputs: { prompt, retry: true }, cuts });
  for (const { client, events, connections, missing, extra, same } of rows) {
    assert(connections.length > 4, `${client} reconnected`);
    assert(same, `${client}: ${missing} of ${events} missing, ${extra} extra`);
  }
});
