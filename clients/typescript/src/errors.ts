import type { Cursor, TerminalEvent } from "./events.ts";
import { placeOf, type Segment } from "./path.ts";

/** Error codes sent by the server. */
export type ProblemCode =
  | "malformed_body"
  | "not_json"
  | "invalid_inputs"
  | "invalid_id"
  | "invalid_cursor"
  | "invalid_query"
  | "unauthorized"
  | "foreign_host"
  | "foreign_origin"
  | "unknown_session"
  | "not_found"
  | "method_not_allowed"
  | "session_exists"
  | "precondition_failed"
  | "invalid_precondition"
  | "running"
  | "unfinished"
  | "ended"
  | "at_rest"
  | "not_ended"
  | "inputs_unknown"
  | "other_graph"
  | "session_does_not_fit"
  | "fenced"
  | "trimmed"
  | "too_large"
  | "too_many_readers"
  | "too_many_sessions"
  | "shutting_down"
  | "unavailable"
  | "internal";

/** Error codes of the server and of the client itself. */
export type ErrorCode =
  | ProblemCode
  | "connection_lost"
  | "protocol"
  | "run_failed"
  | "run_interrupted"
  | "detached"
  | "deleted"
  | "change"
  | "client"
  | (string & {});

/** Problem details sent by the server (RFC 9457). */
export interface Problem {
  status: number;
  code: ErrorCode;
  title?: string;
  detail?: string;
  [field: string]: unknown;
}

/** Base class of all errors that this package throws, except the abort reason of a caller's signal. */
export class BurdockError extends Error {
  /** HTTP status; 0 if the error did not come from a response. */
  readonly status: number;
  /** Error code, for programs. */
  readonly code: ErrorCode;
  /** Error message, for people. */
  readonly detail: string;
  /** Problem details as sent by the server. */
  readonly problem: Problem;
  /** Value of the `retry-after` header, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, options?: ErrorOptions & { retryAfter?: number | undefined }) {
    const detail = problem.detail ?? problem.title ?? problem.code;
    super(problem.status === 0 ? detail : `${detail} (${problem.status} ${problem.code})`, options);
    this.name = new.target.name;
    this.status = problem.status;
    this.code = problem.code;
    this.detail = detail;
    this.problem = problem;
    this.retryAfter = options?.retryAfter;
  }
}

/** The session does not exist. */
export class UnknownSessionError extends BurdockError {}

/** The inputs do not fit the graph. */
export class InvalidInputsError extends BurdockError {}

/** The token is missing or wrong. */
export class UnauthorizedError extends BurdockError {}

/** A run is already in progress in the session. */
export class RunInProgressError extends BurdockError {}

/** The last run is unfinished: resume it, or restart it with `ifUnfinished: "restart"`. */
export class RunUnfinishedError extends BurdockError {}

/** The events after the cursor have been trimmed. Read the state and continue from `first`. */
export class EventsTrimmedError extends BurdockError {
  /** Oldest cursor that can still be followed from. */
  get first(): Cursor | undefined {
    return this.problem["first"] as Cursor | undefined;
  }
}

/** The session was deleted while a stream was following it. */
export class SessionDeletedError extends BurdockError {
  constructor(detail: string) {
    super({ status: 0, code: "deleted", detail });
  }
}

/**
 * The server cannot be reached, or the connection was lost and could not be restored. If `cursor` is
 * undefined after a request that starts a run, the run may have started: check `session.get()`.
 */
export class ConnectionLostError extends BurdockError {
  /** Cursor of the last event received. */
  readonly cursor: Cursor | undefined;

  constructor(detail: string, cursor?: Cursor, cause?: unknown) {
    super({ status: 0, code: "connection_lost", detail }, { cause });
    this.cursor = cursor;
  }
}

/** The response does not come from a burdock server, but from a proxy, for example. */
export class ProtocolError extends BurdockError {
  constructor(detail: string, cause?: unknown) {
    super({ status: 0, code: "protocol", detail }, { cause });
  }
}

/** The run failed. It can be resumed. */
export class RunFailedError extends BurdockError {
  /** The terminal event. */
  readonly event: Extract<TerminalEvent, { type: "run_failed" }>;

  constructor(event: Extract<TerminalEvent, { type: "run_failed" }>) {
    super({ status: 0, code: "run_failed", detail: event.error });
    this.event = event;
  }
}

/** The run is no longer in progress and has no terminal event: its server process died. */
export class RunInterruptedError extends BurdockError {
  /** Cursor of the last event received. */
  readonly cursor: Cursor | undefined;
  /**
   * Whether `session.resume()` continues the run. If false, the process died before anything was recorded, or
   * another process has started another run since.
   */
  readonly resumable: boolean;

  constructor(resumable: boolean, cursor?: Cursor) {
    const detail = resumable
      ? "the run was interrupted, and can be resumed"
      : "the run was interrupted, and cannot be resumed";
    super({ status: 0, code: "run_interrupted", detail });
    this.cursor = cursor;
    this.resumable = resumable;
  }
}

/** The stream was detached before its end. The run continues. */
export class DetachedError extends BurdockError {
  constructor() {
    super({ status: 0, code: "detached", detail: "the stream was detached before its end" });
  }
}

/** A change does not fit the value it is applied to: a change is missing, or was applied twice. */
export class ChangeError extends BurdockError {
  /** Position in the value. */
  readonly path: readonly Segment[];

  constructor(path: readonly Segment[], reason: string) {
    super({ status: 0, code: "change", detail: `change does not fit at ${placeOf(path)}: ${reason}` });
    this.path = path;
  }
}

/** Returns whether a retry may succeed. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof BurdockError)) return false;
  return error instanceof ConnectionLostError || error.status >= 500 || [408, 425, 429].includes(error.status);
}

/** Wraps a thrown value in a `BurdockError`, unless it is one. */
export function toBurdockError(error: unknown): BurdockError {
  if (error instanceof BurdockError) return error;
  return new BurdockError({ status: 0, code: "client", detail: String(error) }, { cause: error });
}

const CLASSES: Record<string, typeof BurdockError> = {
  unknown_session: UnknownSessionError,
  invalid_inputs: InvalidInputsError,
  unauthorized: UnauthorizedError,
  running: RunInProgressError,
  unfinished: RunUnfinishedError,
  trimmed: EventsTrimmedError,
};

/** Returns the error that describes a failed response. */
export async function fromResponse(response: Response): Promise<BurdockError> {
  const problem = await problemOf(response);
  const seconds = Number(response.headers.get("retry-after") ?? "none"); // dates are ignored
  const retryAfter = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  return new (CLASSES[problem.code] ?? BurdockError)(problem, { retryAfter });
}

async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const text = await response.text().catch(() => "");
  if (/\bjson\b/.test(response.headers.get("content-type") ?? "")) {
    try {
      const body: unknown = JSON.parse(text);
      if (typeof body === "object" && body !== null) {
        const fields = body as Partial<Problem>;
        return { ...fields, status, code: fields.code ?? `http_${status}` };
      }
    } catch {
      // not problem details: fall back to the status
    }
  }
  return { status, code: `http_${status}`, detail: response.statusText || `HTTP status ${status}` };
}
