// Generated from the Rust types of burdock-serve. Do not edit by hand.

/** A place in a session, `epoch.offset`: the `id` of an event. */
export type Cursor = string;

/** The run began. */
export interface RunStartedEvent<Node extends string = string> {
  type: "run_started";
  /** Milliseconds since 1970. */
  at: number;
  /** The number of the run in the session, from 1. */
  run: number;
  /** Where it begins. */
  node: Node;
  /** What the user asked; in chat streams only. */
  prompt?: string;
}

/** An unfinished run goes on. */
export interface RunResumedEvent<Node extends string = string> {
  type: "run_resumed";
  at: number;
  /** Where. */
  node: Node;
}

/** A step began. */
export interface StepStartedEvent<Node extends string = string> {
  type: "step_started";
  at: number;
  /** The number of the step in the session, from 0. */
  step: number;
  node: Node;
}

/** The action yielded an item. */
export interface ItemEvent<Item = unknown, Node extends string = string> {
  type: "item";
  at: number;
  step: number;
  node: Node;
  /** The number of the attempt, from 1. */
  attempt: number;
  item: Item;
}

/** The action yielded text; what chat streams have instead of `ItemEvent`. */
export interface ChatItemEvent<Node extends string = string> {
  type: "item";
  at: number;
  step: number;
  node: Node;
  /** The number of the attempt, from 1. */
  attempt: number;
  text: string;
}

/** Items that were shown do not count any more. */
export interface ItemsSupersededEvent<Node extends string = string> {
  type: "items_superseded";
  at: number;
  step: number;
  node: Node;
  /** How many items of this step and node, counted from the last one. */
  items: number;
}

/** An attempt failed, and another one follows. */
export interface AttemptFailedEvent<Node extends string = string> {
  type: "attempt_failed";
  at: number;
  step: number;
  node: Node;
  error: string;
  /** How long the run waits before the next attempt, in milliseconds. */
  retry_in: number;
}

/** The step failed after its retries. */
export interface StepFailedEvent<Node extends string = string> {
  type: "step_failed";
  at: number;
  step: number;
  node: Node;
  error: string;
  /** Where the node's `on error` edge leads, if it has one. */
  next?: Next<Node>;
}

/** The step was committed. */
export interface StepCommittedEvent<State = Record<string, unknown>, Node extends string = string> {
  type: "step_committed";
  at: number;
  step: number;
  node: Node;
  /** The number of the attempt that succeeded, from 1. */
  attempt: number;
  /** What follows. */
  next: Next<Node>;
  /** The public fields that changed; left out when none did. */
  patches?: { [Field in keyof State]?: Patch<State[Field]> };
}

/** The run came to a `pause`. */
export interface RunPausedEvent<Node extends string = string> {
  type: "run_paused";
  at: number;
  /** Where the next run begins. */
  node: Node;
}

/** The run was halted by its caller. */
export interface RunHaltedEvent<Node extends string = string> {
  type: "run_halted";
  at: number;
  /** Where it goes on. */
  node: Node;
}

/** The run was stopped. */
export interface RunStoppedEvent<Node extends string = string> {
  type: "run_stopped";
  at: number;
  /** Where it goes on. */
  node: Node;
}

/** The run was dropped, or did not finish in time after a stop. */
export interface RunCancelledEvent<Node extends string = string> {
  type: "run_cancelled";
  at: number;
  /** Where it goes on. */
  node: Node;
}

/** The run came to an `end`, and the session with it. */
export interface RunEndedEvent {
  type: "run_ended";
  at: number;
}

/** The run ended with an error. */
export interface RunFailedEvent<Node extends string = string> {
  type: "run_failed";
  at: number;
  /** Where it goes on. */
  node: Node;
  error: string;
}

/** A session that had ended was put at its start. */
export interface SessionReopenedEvent<Node extends string = string> {
  type: "session_reopened";
  at: number;
  /** The start. */
  node: Node;
}

/** What was seen behind `to` is gone: it had run ahead of the disk when the process died. */
export interface RewoundEvent {
  type: "rewound";
  /** The last event that still stands; without it, nothing does. */
  to?: Cursor;
}

/** The stream ends by the server's doing. */
export interface StreamErrorEvent {
  type: "error";
  /** `lagged`, `trimmed`, `deleted`, `shutting_down`, `internal` … */
  code: string;
  detail: string;
}

/** What follows a step: a node, a pause before a node, or the end. */
export type Next<Node extends string = string> = { node: Node } | { pause: Node } | "end";

/** How a field changed: it has this value now, or a list kept its first elements and got others behind. */
export type Patch<Value = unknown> =
  | { set: Value }
  | { append: { keep: number; tail: Value extends readonly (infer Element)[] ? Element[] : unknown[] } };

/** How a run ended. */
export type TerminalEvent<Node extends string = string> =
  | RunPausedEvent<Node>
  | RunHaltedEvent<Node>
  | RunStoppedEvent<Node>
  | RunCancelledEvent<Node>
  | RunEndedEvent
  | RunFailedEvent<Node>;

/** The events that streams of items and chat streams share. */
export type CommonEvent<State = Record<string, unknown>, Node extends string = string> =
  | RunStartedEvent<Node>
  | RunResumedEvent<Node>
  | StepStartedEvent<Node>
  | ItemsSupersededEvent<Node>
  | AttemptFailedEvent<Node>
  | StepFailedEvent<Node>
  | StepCommittedEvent<State, Node>
  | TerminalEvent<Node>
  | SessionReopenedEvent<Node>
  | RewoundEvent
  | StreamErrorEvent;

/** An event of a session. */
export type SessionEvent<
  Item = unknown,
  State = Record<string, unknown>,
  Node extends string = string,
> = CommonEvent<State, Node> | ItemEvent<Item, Node>;

/** An event of a chat. */
export type ChatEvent<State = Record<string, unknown>, Node extends string = string> =
  | CommonEvent<State, Node>
  | ChatItemEvent<Node>;

/** The types of the terminal events. */
export const TERMINAL: ReadonlySet<string> = new Set<TerminalEvent["type"]>([
  "run_paused",
  "run_halted",
  "run_stopped",
  "run_cancelled",
  "run_ended",
  "run_failed",
]);
