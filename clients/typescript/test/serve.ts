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

/** Starts a fake server, and returns it with a client. */
export async function serve(t: TestContext) {
  const server = new FakeServer();
  const url = await server.listen();
  t.after(() => server.close());
  return { server, url, burdock: new Burdock<Echo>(url) };
}

/** Reconnects without delay. */
export const immediate: RunOptions = { reconnect: { delay: 0, attempts: 5 } };

export async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of from) all.push(one);
  return all;
}

/** Returns a `pace` that lets `passes` calls through, and blocks the others until `open` is called. */
export function gate(passes: number) {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const pace = () => (passes-- > 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : opened);
  return { pace, open };
}

/** Waits until a snapshot of the store satisfies a condition, and returns it. */
export function until<S extends object>(store: Store<S>, condition: (snapshot: S) => boolean): Promise<S> {
  return new Promise((resolve) => {
    const check = () => {
      if (!condition(store.snapshot())) return;
      queueMicrotask(() => unsubscribe());
      resolve(store.snapshot());
    };
    const unsubscribe = store.subscribe(check);
    check();
  });
}
