// Generated from the Rust types in serve/src/event.rs by `BLESS=1 cargo test -p burdock-serve --test
// typescript`. Do not edit by hand.

import type { ChatCallUpdate, ChatValueUpdate } from "./types.ts";

/** A place in a session, `epoch.offset`: the `id` of an event. */
export type Cursor = string;

/** The transition after a step: to a node, to a pause before a node, or to the end. */
export type Next<Node extends string = string> = { node: Node } | { pause: Node } | "end";

/**
 * The change of a field: its new value, a list that keeps its first `keep` elements and appends `tail`, or entries
 * of a map that are removed and set.
 */
export type Patch<Value = unknown> =
  | { set: Value }
  | { append: { keep: number; tail: Value extends readonly (infer Element)[] ? Element[] : unknown[] } }
  | { entries: { set: Record<string, Value extends Record<string, infer Entry> ? Entry : unknown>; remove: string[] } };

/** A run started. */
export interface RunStartedEvent<Node extends string = string> {
  type: "run_started";
  /** Milliseconds since 1970. */
  at: number;
  /** Its number in the session, from 1. */
  run: number;
  /** The node at which it starts. */
  node: Node;
  /** Its public inputs: those with `#[public]` in the graph. */
  inputs: Record<string, unknown>;
  /** The user's prompt, in a chat. */
  prompt?: string;
}

/** An unfinished run was resumed. */
export interface RunResumedEvent<Node extends string = string> {
  type: "run_resumed";
  /** Milliseconds since 1970. */
  at: number;
  /** The node at which it continues. */
  node: Node;
}

/** A step started. */
export interface StepStartedEvent<Node extends string = string> {
  type: "step_started";
  /** Milliseconds since 1970. */
  at: number;
  /** Its number in the session, from 0. */
  step: number;
  /** The node. */
  node: Node;
}

/** The action yielded an item. */
export interface ItemEvent<Item = unknown, Node extends string = string> {
  type: "item";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** The number of the attempt, from 1. */
  attempt: number;
  /** The item. In a chat, `text`, `call` and `value` replace it. */
  item: Item;
}

/** The action yielded an item. In chat streams. */
export interface ChatItemEvent<Node extends string = string> {
  type: "item";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** The number of the attempt, from 1. */
  attempt: number;
  /** The text that the item adds to the answer, in a chat; empty if it changes a call or a value. */
  text: string;
  /** A change of a call of a tool, in a chat. */
  call?: ChatCallUpdate;
  /** A change of a value, in a chat. */
  value?: ChatValueUpdate;
}

/** The last items of this step and node no longer count. */
export interface ItemsSupersededEvent<Node extends string = string> {
  type: "items_superseded";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** The number of these items. */
  items: number;
}

/** An attempt failed and will be retried. */
export interface AttemptFailedEvent<Node extends string = string> {
  type: "attempt_failed";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** The reason. */
  error: string;
  /** The delay before the next attempt, in milliseconds. */
  retry_in: number;
}

/** The step failed after its retries. */
export interface StepFailedEvent<Node extends string = string> {
  type: "step_failed";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** The reason. */
  error: string;
  /** The target of its `on error` edge, if it has one. */
  next?: Next<Node>;
}

/** The step was committed. */
export interface StepCommittedEvent<State = Record<string, unknown>, Node extends string = string> {
  type: "step_committed";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** The number of the attempt that succeeded, from 1. */
  attempt: number;
  /** The transition that follows. */
  next: Next<Node>;
  /** The changes of the public fields, by their keys. */
  patches: { [Field in keyof State]?: Patch<State[Field]> };
}

/** The run reached a `pause`. */
export interface RunPausedEvent<Node extends string = string> {
  type: "run_paused";
  /** Milliseconds since 1970. */
  at: number;
  /** The node at which the next run starts. */
  node: Node;
}

/** The run reached an `end`, which also ends the session. */
export interface RunEndedEvent {
  type: "run_ended";
  /** Milliseconds since 1970. */
  at: number;
}

/** The run was halted. */
export interface RunHaltedEvent<Node extends string = string> {
  type: "run_halted";
  /** Milliseconds since 1970. */
  at: number;
  /** The node at which it can be resumed. */
  node: Node;
}

/** The run was stopped. */
export interface RunStoppedEvent<Node extends string = string> {
  type: "run_stopped";
  /** Milliseconds since 1970. */
  at: number;
  /** The node at which it can be resumed. */
  node: Node;
}

/** The run ended with an error. */
export interface RunFailedEvent<Node extends string = string> {
  type: "run_failed";
  /** Milliseconds since 1970. */
  at: number;
  /** The node at which it can be resumed. */
  node: Node;
  /** The reason. */
  error: string;
}

/** The run was dropped, or did not finish in time after a stop. */
export interface RunCancelledEvent<Node extends string = string> {
  type: "run_cancelled";
  /** Milliseconds since 1970. */
  at: number;
  /** The node at which it can be resumed. */
  node: Node;
}

/** A session that had ended was reopened. */
export interface SessionReopenedEvent<Node extends string = string> {
  type: "session_reopened";
  /** Milliseconds since 1970. */
  at: number;
  /** The start node. */
  node: Node;
}

/** Entries that the reader received were lost in a crash: they were not on disk yet. */
export interface RewoundEvent {
  type: "rewound";
  /** The last entry that the reader received and the log still has; absent if there is none. */
  to?: Cursor;
}

/** The server ended the stream. The reader can continue from the last id. */
export interface StreamErrorEvent {
  type: "error";
  /** The reason, in one word. */
  code: string;
  /** The reason, in a sentence. */
  detail: string;
}

/** How a run ended. */
export type TerminalEvent<Node extends string = string> =
  | RunPausedEvent<Node>
  | RunEndedEvent
  | RunHaltedEvent<Node>
  | RunStoppedEvent<Node>
  | RunFailedEvent<Node>
  | RunCancelledEvent<Node>;

/** The events that streams of items and chat streams share. */
export type CommonEvent<State = Record<string, unknown>, Node extends string = string> =
  | RunStartedEvent<Node>
  | RunResumedEvent<Node>
  | StepStartedEvent<Node>
  | ItemsSupersededEvent<Node>
  | AttemptFailedEvent<Node>
  | StepFailedEvent<Node>
  | StepCommittedEvent<State, Node>
  | SessionReopenedEvent<Node>
  | RewoundEvent
  | StreamErrorEvent
  | TerminalEvent<Node>;

/** An event of a session. */
export type SessionEvent<Item = unknown, State = Record<string, unknown>, Node extends string = string> =
  | CommonEvent<State, Node>
  | ItemEvent<Item, Node>;

/** An event of a chat. */
export type ChatEvent<State = Record<string, unknown>, Node extends string = string> =
  | CommonEvent<State, Node>
  | ChatItemEvent<Node>;

/** The types of the terminal events. */
export const TERMINAL: ReadonlySet<string> = new Set<TerminalEvent["type"]>([
  "run_paused",
  "run_ended",
  "run_halted",
  "run_stopped",
  "run_failed",
  "run_cancelled",
]);
