import { Burdock } from "@burdock/client";
import { EventSource } from "eventsource";

/** Follows with `eventsource` of npm. */
export function npmEventSource(url) {
  return new Promise((resolve) => {
    const seen = [];
    const source = new EventSource(url);
    source.onmessage = ({ lastEventId, data }) => seen.push([lastEventId, data]);
    source.onerror = () => source.readyState === EventSource.CLOSED && resolve(seen);
  });
}

/** Follows with this package, which handles `error` events itself. */
export async function burdockClient(base, session, from, reader) {
  const fetch = (input, init) => {
    const url = new URL(input);
    url.searchParams.set("reader", reader);
    return globalThis.fetch(url, init);
  };
  const seen = [];
  const events = new Burdock(base, { fetch }).session(session).events({ from, until: "run" });
  for await (const event of events) seen.push([events.cursor ?? "", JSON.stringify(event)]);
  return seen;
}
