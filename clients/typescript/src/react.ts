import { useEffect, useMemo, useSyncExternalStore } from "react";
import { ChatStore, type Chat } from "./chat-store.ts";
import type { GrownBy } from "./grow.ts";
import { RunStore, type RunView, type RunViewOptions } from "./run-store.ts";
import type { Session } from "./session.ts";
import type { AnyGraph, GraphTypes } from "./types.ts";

export type { Chat } from "./chat-store.ts";
export type { RunView, RunViewOptions } from "./run-store.ts";

/** A chat and its actions. */
export interface UseSession extends Chat {
  /** Sends a message. Returns whether the server accepted it. */
  send: (prompt: string) => Promise<boolean>;
  /** Stops the run in progress. Returns whether the server accepted the request. */
  stop: () => Promise<boolean>;
  /** Resumes an unfinished run. Returns whether the server accepted the request. */
  retry: () => Promise<boolean>;
  /** Loads older messages if `first` is not 0. Returns whether the request succeeded. */
  loadOlder: () => Promise<boolean>;
}

/**
 * Subscribes to the chat of a session: its history and all new messages, including those of other
 * clients, across reloads, lost connections and server restarts. Memoize the session (`useMemo`).
 */
export function useSession<G extends GraphTypes = AnyGraph>(session: Session<G>): UseSession {
  const store = useMemo(() => new ChatStore(session), [session]);
  const chat = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  return { ...chat, send: store.send, stop: store.stop, retry: store.retry, loadOlder: store.loadOlder };
}

/** A run and its actions. */
export interface UseRun<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>> extends RunView<G, T> {
  /** Starts a run. */
  start: (inputs: G["inputs"]) => void;
  /** Resumes an unfinished run. */
  resume: () => void;
  /** Stops the run. Returns whether the server accepted the request. */
  stop: () => Promise<boolean>;
}

/** Starts runs and subscribes to the latest one. Unmounting detaches from the run, which continues. */
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
