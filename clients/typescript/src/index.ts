export { Burdock, type BurdockOptions, type ListOptions } from "./burdock.ts";
export { Session } from "./session.ts";
export type { ChatEventOf, ChatOptions, EventOf, EventsOptions, RunOptions, StartOptions } from "./session.ts";
export { Run } from "./run.ts";
export { EventStream, type DeliveredEvent } from "./stream.ts";
export type { Connection, StreamOptions } from "./follow.ts";
export type { ReconnectOptions } from "./backoff.ts";
export type { ItemsChange, PickText, TextChange } from "./text.ts";
export type { Token } from "./http.ts";
export { ChatStore, type Chat } from "./chat-store.ts";
export { RunStore, type RunView, type RunViewOptions } from "./run-store.ts";
export { applyPatches } from "./patch.ts";
export { Grown, changeOf, grow, type Change, type Growth, type GrownBy } from "./grow.ts";
export type { PickChange } from "./growth.ts";
export type { Segment } from "./path.ts";
export * from "./events.ts";
export * from "./types.ts";
export {
  BurdockError,
  ChangeError,
  ConnectionLostError,
  DetachedError,
  EventsTrimmedError,
  InvalidInputsError,
  ProtocolError,
  RunFailedError,
  RunInProgressError,
  RunInterruptedError,
  RunUnfinishedError,
  SessionDeletedError,
  UnauthorizedError,
  UnknownSessionError,
  type ErrorCode,
  type Problem,
  type ProblemCode,
} from "./errors.ts";
