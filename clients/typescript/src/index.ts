export { Burdock, type BurdockOptions, type ListOptions } from "./burdock.ts";
export { Session } from "./session.ts";
export type { BeginOptions, ChatEventOf, ChatOptions, EventOf, EventsOptions, RunOptions } from "./session.ts";
export { Run } from "./run.ts";
export { EventStream, type Seen } from "./stream.ts";
export type { Connection, StreamOptions } from "./follow.ts";
export type { Reconnect } from "./backoff.ts";
export type { ItemsChange, Pick, TextChange } from "./text.ts";
export type { Token } from "./http.ts";
export { ChatStore, type Chat } from "./chat-store.ts";
export { RunStore, type RunView, type RunViewOptions } from "./run-store.ts";
export { patched } from "./patch.ts";
export { Grown, changeOf, grow, type Change, type Growth, type GrownBy } from "./grow.ts";
export type { PickChange } from "./growth.ts";
export type { Segment } from "./path.ts";
export * from "./events.ts";
export * from "./types.ts";
export {
  BurdockError,
  ChangeError,
  ConnectionLost,
  Deleted,
  Detached,
  InvalidInputs,
  ProtocolError,
  RunFailed,
  RunInterrupted,
  Running,
  Trimmed,
  Unauthorized,
  Unfinished,
  UnknownSession,
  type ErrorCode,
  type Problem,
  type ProblemCode,
} from "./errors.ts";
