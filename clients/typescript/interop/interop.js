import { randomUUID } from "node:crypto";
import { Burdock } from "@burdock/client";
import { Cutter } from "./cutter.js";
import { burdockClient, npmEventSource } from "./clients/node.js";
import { chromiumEventSource, fetchEventSource, page } from "./clients/page.js";
import { httpxSse, prepare } from "./clients/python.js";

/**
 * Starts a run and follows it with third-party clients, each over connections that are cut. Returns a row
 * per client: the events it received, compared with those in the log.
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
  const log = await readRun(base, id, cursor);
  return rows.map((row) => ({ ...row, ...compare(row.seen, log) }));
}

/** Reads the run over a connection that is not cut. */
async function readRun(base, id, cursor) {
  const response = await fetch(`${base}/sessions/${id}/events?from=${cursor}&until=run`);
  const blocks = (await response.text()).split("\n\n").slice(0, -1);
  return blocks.map((block) => {
    const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `));
    return [field("id")?.slice(4) ?? "", field("data").slice(6)];
  });
}

/** Counts missing events, and extra ones: repeated or unknown. */
function compare(seen, log) {
  const text = (events) => events.map(([id, data]) => JSON.stringify([id, JSON.parse(data)]));
  const [have, want] = [text(seen), text(log)];
  const missing = want.filter((event) => !have.includes(event)).length;
  const extra = have.length - (want.length - missing);
  const same = JSON.stringify(have) === JSON.stringify(want);
  return { events: want.length, missing, extra, same };
}
