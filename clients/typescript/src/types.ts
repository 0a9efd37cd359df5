import type { Cursor } from "./events.ts";
import type { Change } from "./grow.ts";

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
  /** Markdown. */
  text: string;
  /** Values with different names, such as the answers of functions from prompts; partial while an answer is in progress. */
  values?: readonly ChatValue[];
  /** The calls of tools that follow the text. */
  calls?: readonly ChatCall[];
}

/** A value in a chat. */
export interface ChatValue {
  /** The heading above the value. */
  name: string;
  value: unknown;
}

/** A call of a tool. */
export interface ChatCall {
  /** Absent while the model writes the call. */
  id?: string;
  name: string;
  /** Partial while the model writes the call, and absent if the program sends their text instead. */
  arguments?: unknown;
  /** The text of the arguments so far, if the program sends it while the model writes the call. It may be invalid JSON. */
  text?: string;
  /** The progress of the tool in the current run: the latest 100. */
  progress?: readonly unknown[];
  /** Of a call of the current run. Without a run in progress, a call that has no result is not in progress either. */
  status?: "writing" | "called" | "running" | "succeeded" | "failed" | "interrupted";
  /** Absent while the call is in progress, and if its run ended before. */
  result?: ChatCallResult;
}

/** The result of a call. */
export interface ChatCallResult {
  status: "succeeded" | "failed" | "interrupted";
  text: string;
}

/** A change of a call. Later versions may have more types. */
export type ChatCallUpdate =
  | { type: "delta"; /** The number of the call in this step, from 0. */ index: number; name: string; arguments: string }
  | { type: "changed"; index: number; name: string; /** Of the arguments. The first one sets them. */ change: Change }
  | { type: "written" | "started"; id: string; name: string; arguments: unknown }
  | { type: "progress"; id: string; progress: unknown }
  | { type: "finished"; id: string; result: ChatCallResult };

/** A change of a value. */
export interface ChatValueUpdate {
  name: string;
  change: Change;
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
  /** A line about the session, for example its usage. */
  note?: string;
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
