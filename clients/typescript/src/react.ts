import { useEffect, useMemo, useSyncExternalStore } from "react";
import { ChatStore, type Chat } from "./chat-store.ts";
import type { GrownBy } from "./grow.ts";
import { RunStore, type RunView, type RunViewOptions } from "./run-store.ts";
import type { Session } from "./session.ts";
import type { AnyGraph, GraphTypes } from "./types.ts";

export type { Chat } from "./chat-store.ts";
export type { RunView, RunViewOptions } from "./run-store.ts";

/** A chat, and what can be done with it. */
export interface UseSession extends Chat {
  /** Says something; whether it was taken. */
  send: (prompt: string) => Promise<boolean>;
  /** Stops the answer. */
  stop: () => Promise<boolean>;
  /** Goes on with an answer that is unfinished. */
  retry: () => Promise<boolean>;
  /** Loads older messages, where `first` is not 0; whether that worked. */
  older: () => Promise<boolean>;
}

/**
 * Shows the chat of a session, whoever writes to it: its history, then what is said, across reloads,
 * lost connections and restarts of the server. Keep the session between renderings (`useMemo`).
 */
export function useSession<G extends GraphTypes = AnyGraph>(session: Session<G>): UseSession {
  const store = useMemo(() => new ChatStore(session), [session]);
  const chat = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  return { ...chat, send: store.send, stop: store.stop, retry: store.retry, older: store.older };
}

/** A run, and what can be done with it. */
export interface UseRun<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>> extends RunView<G, T> {
  /** Begins a run. */
  start: (inputs: G["inputs"]) => void;
  /** Goes on with an unfinished run. */
  resume: () => void;
  /** Stops the run; whether that was taken. */
  stop: () => Promise<boolean>;
}

/** Begins runs and shows the last one. Unmounting detaches from it; it goes on. */
export function useRun<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>>(
  session: Session<G>,
  options: RunViewOptions<G, T> = {},
): UseRun<G, T> {
  const store = useMemo(() => new RunStore<G, T>(session), [session]);
  useEffect(() => {
    store.options = options;
  });
  const run = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  return { ...run, start: store.start, resume: store.resume, stop: store.stop };
}
