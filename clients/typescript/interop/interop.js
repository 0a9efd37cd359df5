import { randomUUID } from "node:crypto";
import { Burdock } from "@burdock/client";
import { Cutter } from "./cutter.js";
import { burdockClient, npmEventSource } from "./clients/node.js";
import { chromiumEventSource, fetchEventSource, page } from "./clients/page.js";
import { httpxSse, prepare } from "./clients/python.js";

/**
 * Begins a run and follows it with clients that the project did not write, each behind connections that
 * are cut. Returns a row per client: what it saw, and whether that is what the log has.
 */
export async function interop(t, base, { inputs, cuts, token }) {
  await prepare();
  const cutter = new Cutter(base, cuts);
  const origin = await cutter.listen();
  t.after(() => cutter.close());
  const tab = await page(t, origin);
  const id = `interop-${randomUUID()}`;
  const session = new Burdock(base, { token }).session(id);
  const { cursor } = await session.start(inputs);
  const url = (reader) => `${origin}/sessions/${id}/events?from=${cursor}&until=run&reader=${reader}`;
  const clients = {
    "Chromium EventSource": (reader) => chromiumEventSource(tab, url(reader)),
    "@microsoft/fetch-event-source": (reader) => fetchEventSource(tab, url(reader)),
    "eventsource (npm)": (reader) => npmEventSource(url(reader)),
    "httpx-sse (PyPI)": (reader) => httpxSse(url(reader)),
    "@burdock/client": (reader) => burdockClient(origin, id, cursor, reader),
  };
  const rows = await Promise.all(
    Object.entries(clients).map(async ([client, follow], index) => {
      const reader = String(index);
      const seen = await follow(reader);
      return { client, seen, connections: cutter.connections.get(reader) };
    }),
  );
  const log = await recorded(base, id, cursor);
  return rows.map((row) => ({ ...row, ...compare(row.seen, log) }));
}

/** The run as the server tells it to one reader who is not cut. */
async function recorded(base, id, cursor) {
  const answer = await fetch(`${base}/sessions/${id}/events?from=${cursor}&until=run`);
  const blocks = (await answer.text()).split("\n\n").slice(0, -1);
  return blocks.map((block) => {
    const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `));
    return [field("id")?.slice(4) ?? "", field("data").slice(6)];
  });
}

/** What is missing, and what was seen twice or never was there. */
function compare(seen, log) {
  const text = (events) => events.map(([id, data]) => JSON.stringify([id, JSON.parse(data)]));
  const [have, want] = [text(seen), text(log)];
  const missing = want.filter((event) => !have.includes(event)).length;
  const extra = have.length - (want.length - missing);
  const same = JSON.stringify(have) === JSON.stringify(want);
  return { events: want.length, missing, extra, same };
}
