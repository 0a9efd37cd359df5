import type { Cursor } from "./events.ts";

/** What a graph's inputs, items, public fields and nodes are; for `new Burdock<MyGraph>(…)`. */
export interface GraphTypes {
  inputs: object;
  item: unknown;
  state: object;
  node: string;
}

/**
 * An integer of 64 bits (`u64`, `i64`, `usize`, `isize`) in inputs, items and public fields: a number
 * up to ±`Number.MAX_SAFE_INTEGER`, a string of its digits beyond. `BigInt(value)` reads both, and the
 * server takes both.
 */
export type Integer = number | string;

/** A graph of which nothing is known. */
export interface AnyGraph extends GraphTypes {
  inputs: Record<string, unknown>;
  state: Record<string, unknown>;
}

/** Where a session is. */
export type Position<Node extends string = string> =
  | { at: "rest" | "unfinished"; node: Node }
  | { at: "ended" };

/** A session as it is now. */
export interface SessionInfo<State = Record<string, unknown>, Node extends string = string> {
  session: string;
  cursor: Cursor;
  position: Position<Node>;
  /** How many steps were committed. */
  step: number;
  /** How many runs were begun. */
  run: number;
  /** Whether a run is under way. */
  running: boolean;
  /** Milliseconds since 1970. */
  created: number;
  updated: number;
  /** The public fields. */
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
  /** What was said first, unless nothing was. */
  title?: string;
}

/** A message of a chat. */
export interface ChatMessage {
  role: "user" | "assistant";
  text: string;
}

/** A page of a chat as of its last commit; what the unfinished step has shown follows behind `cursor`. */
export interface ChatHistory<Node extends string = string> {
  session: string;
  cursor: Cursor;
  /** The index of the first of `messages` in the chat: `before` of the next older page, unless it is 0. */
  first: number;
  messages: ChatMessage[];
  position: Position<Node>;
  running: boolean;
  /** Following from here tells the last run from its beginning. */
  run?: Cursor;
  /** The name of the graph. */
  title: string;
}

/** A run that was begun. */
export interface Started {
  session: string;
  /** The place just before its first event. */
  cursor: Cursor;
}

/** A graph: what pictures are drawn from. */
export interface Graph {
  name: string;
  docs: string;
  /** The name of the state's type. */
  state: string;
  /** The node where a session begins. */
  start: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  inputs: Binding[];
  resources: Binding[];
  /** The type of the items; null where no node streams. */
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
  /** The name that it has in JSON. */
  key: string;
  ty: string;
  docs: string;
  slot: boolean;
  public: boolean;
}
