// Generated from the Rust types in serve/src/event.rs by `BLESS=1 cargo test -p burdock-serve --test
// typescript`. Do not edit by hand.

/** A place in a session, `epoch.offset`: the `id` of an event. */
export type Cursor = string;

/** What follows a step: a node, a pause before a node, or the end. */
export type Next<Node extends string = string> = { node: Node } | { pause: Node } | "end";

/**
 * How a field changed: it has this value now, a list kept its first elements and got others behind, or entries of
 * a map were removed and set.
 */
export type Patch<Value = unknown> =
  | { set: Value }
  | { append: { keep: number; tail: Value extends readonly (infer Element)[] ? Element[] : unknown[] } }
  | { entries: { set: Record<string, Value extends Record<string, infer Entry> ? Entry : unknown>; remove: string[] } };

/** A run began. */
export interface RunStartedEvent<Node extends string = string> {
  type: "run_started";
  /** Milliseconds since 1970. */
  at: number;
  /** Its number in the session, from 1. */
  run: number;
  /** Where it begins. */
  node: Node;
  /** Its public inputs: those with `#[public]` in the graph. */
  inputs: Record<string, unknown>;
  /** What the user said, in a chat. */
  prompt?: string;
}

/** An unfinished run goes on. */
export interface RunResumedEvent<Node extends string = string> {
  type: "run_resumed";
  /** Milliseconds since 1970. */
  at: number;
  /** Where. */
  node: Node;
}

/** A step began. */
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
  /** The item; in a chat its text stands instead. */
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
  /** What it adds to the answer, in a chat. */
  text: string;
}

/** The last items of this step and node do not count any more. */
export interface ItemsSupersededEvent<Node extends string = string> {
  type: "items_superseded";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** How many. */
  items: number;
}

/** An attempt failed and another one follows. */
export interface AttemptFailedEvent<Node extends string = string> {
  type: "attempt_failed";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the step. */
  step: number;
  /** The node. */
  node: Node;
  /** Why. */
  error: string;
  /** How long the run waits before the next attempt, in milliseconds. */
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
  /** Why. */
  error: string;
  /** Where its `on error` edge leads, if it has one. */
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
  /** What follows. */
  next: Next<Node>;
  /** What changed in the public fields, by their keys. */
  patches: { [Field in keyof State]?: Patch<State[Field]> };
}

/** The run came to a `pause`. */
export interface RunPausedEvent<Node extends string = string> {
  type: "run_paused";
  /** Milliseconds since 1970. */
  at: number;
  /** Where the next run begins. */
  node: Node;
}

/** The run came to an `end`, and the session with it. */
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
  /** Where it goes on. */
  node: Node;
}

/** The run was stopped. */
export interface RunStoppedEvent<Node extends string = string> {
  type: "run_stopped";
  /** Milliseconds since 1970. */
  at: number;
  /** Where it goes on. */
  node: Node;
}

/** The run ended with an error. */
export interface RunFailedEvent<Node extends string = string> {
  type: "run_failed";
  /** Milliseconds since 1970. */
  at: number;
  /** Where it goes on. */
  node: Node;
  /** Why. */
  error: string;
}

/** The run was dropped, or did not finish in time after a stop. */
export interface RunCancelledEvent<Node extends string = string> {
  type: "run_cancelled";
  /** Milliseconds since 1970. */
  at: number;
  /** Where it goes on. */
  node: Node;
}

/** A session that had ended was put at its start. */
export interface SessionReopenedEvent<Node extends string = string> {
  type: "session_reopened";
  /** Milliseconds since 1970. */
  at: number;
  /** The start. */
  node: Node;
}

/** What the reader saw behind an entry is gone: it had run ahead of the disk in a crash. */
export interface RewoundEvent {
  type: "rewound";
  /** The last entry that still stands, if any does. */
  to?: Cursor;
}

/** The server ends the stream; the reader goes on from the last id. */
export interface StreamErrorEvent {
  type: "error";
  /** What for, in one word. */
  code: string;
  /** What for, in a sentence. */
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
