import type { TestContext } from "node:test";
import { Burdock, type RunOptions } from "../src/index.ts";
import type { Store } from "../src/store.ts";
import { FakeServer } from "./fake/server.ts";

export interface Echo {
  inputs: { prompt: string; retry?: boolean; fail?: boolean };
  item: string;
  state: { turns: number };
  node: "answer";
}

/** A fake server, and a client of it. */
export async function serve(t: TestContext) {
  const server = new FakeServer();
  const url = await server.listen();
  t.after(() => server.close());
  return { server, url, burdock: new Burdock<Echo>(url) };
}

/** Reconnects that take no time. */
export const soon: RunOptions = { reconnect: { delay: 0, attempts: 5 } };

export async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of from) all.push(one);
  return all;
}

/** Lets so many go by, and holds the others back until `open`. */
export function gate(passes: number) {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const pace = () => (passes-- > 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : opened);
  return { pace, open };
}

/** Waits for a snapshot of the store, and returns it. */
export function until<S extends object>(store: Store<S>, so: (snapshot: S) => boolean): Promise<S> {
  return new Promise((resolve) => {
    const look = () => {
      if (!so(store.snapshot())) return;
      queueMicrotask(() => leave());
      resolve(store.snapshot());
    };
    const leave = store.subscribe(look);
    look();
  });
}
