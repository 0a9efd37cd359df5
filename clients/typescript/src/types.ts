import type { Cursor } from "./events.ts";

/** Types of a graph's inputs, items, public fields and nodes, for `new Burdock<MyGraph>(…)`. */
export interface GraphTypes {
  inputs: object;
  item: unknown;
  state: object;
  node: string;
}

/**
 * A 64-bit integer (`u64`, `i64`, `usize`, `isize`) in inputs, items and public fields: a number up to
 * ±`Number.MAX_SAFE_INTEGER`, and a string of digits beyond. `BigInt(value)` converts both, and the server
 * accepts both.
 */
export type Integer = number | string;

/** Types of a graph that is not typed. */
export interface AnyGraph extends GraphTypes {
  inputs: Record<string, unknown>;
  state: Record<string, unknown>;
}

/** Position of a session. */
export type Position<Node extends string = string> =
  | { at: "rest" | "unfinished"; node: Node }
  | { at: "ended" };

/** Current state of a session. */
export interface SessionInfo<State = Record<string, unknown>, Node extends string = string> {
  session: string;
  cursor: Cursor;
  position: Position<Node>;
  /** Number of committed steps. */
  step: number;
  /** Number of runs started. */
  run: number;
  /** Whether a run is in progress. */
  running: boolean;
  /** Milliseconds since 1970. */
  created: number;
  updated: number;
  /** Public fields. */
  state: State;
}

/** A session in a list. */
export interface SessionSummary {
  session: string;
  created: number;
  updated: number;
  running: boolean;
}

/** A chat in a list. */
export interface ChatSummary extends SessionSummary {
  /** First message of the chat, if there is one. */
  title?: string;
}

/** A message of a chat. */
export interface ChatMessage {
  role: "user" | "assistant";
  text: string;
}

/** A page of a chat as of its last commit; events of an unfinished step follow after `cursor`. */
export interface ChatHistory<Node extends string = string> {
  session: string;
  cursor: Cursor;
  /** Index of the first of `messages` in the chat. If it is not 0, it is the `before` of the next older page. */
  first: number;
  messages: ChatMessage[];
  position: Position<Node>;
  running: boolean;
  /** Cursor just before the first event of the last run. */
  run?: Cursor;
  /** Name of the graph. */
  title: string;
}

/** A run that was started. */
export interface StartedRun {
  session: string;
  /** Cursor just before its first event. */
  cursor: Cursor;
}

/** Description of a graph, sufficient to draw it. */
export interface Graph {
  name: string;
  docs: string;
  /** Name of the state type. */
  state: string;
  /** Node where a new session starts. */
  start: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  inputs: Binding[];
  resources: Binding[];
  /** Type of the items; null if no node streams. */
  yields: string | null;
  fields: Field[];
}

export interface GraphNode {
  name: string;
  action: string;
  docs: string;
  reads: string[];
  writes: string[];
  streams: boolean;
  inputs: string[];
  resources: string[];
  params: unknown;
}

export interface GraphEdge {
  from: string;
  to: { kind: "node" | "pause"; node: string } | { kind: "end" };
  label: string | null;
  kind: "transition" | "error";
}

export interface Binding {
  name: string;
  ty: string;
  optional: boolean;
}

export interface Field {
  name: string;
  /** Name in JSON. */
  key: string;
  ty: string;
  docs: string;
  slot: boolean;
  public: boolean;
}
