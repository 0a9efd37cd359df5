import type { Cursor, TerminalEvent } from "./events.ts";
import { placeOf, type Segment } from "./path.ts";

/** The codes of a server's answers. */
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

/** The codes of the client's own errors, beside those of the server. */
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

/** A problem as servers describe it (RFC 9457). */
export interface Problem {
  status: number;
  code: ErrorCode;
  title?: string;
  detail?: string;
  [field: string]: unknown;
}

/** Everything that this package throws, but `AbortError`s of a signal that the caller gave. */
export class BurdockError extends Error {
  /** The HTTP status; 0 where no answer is to blame. */
  readonly status: number;
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** What went wrong, for people. */
  readonly detail: string;
  /** All that the server said. */
  readonly problem: Problem;
  /** How long the server wants to be left alone, in milliseconds. */
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

/** There is no such session. */
export class UnknownSession extends BurdockError {}

/** The inputs do not fit the graph. */
export class InvalidInputs extends BurdockError {}

/** The token is missing or wrong. */
export class Unauthorized extends BurdockError {}

/** A run is under way. */
export class Running extends BurdockError {}

/** The last run did not come to a rest: resume it, or restart it with `ifUnfinished: "restart"`. */
export class Unfinished extends BurdockError {}

/** The events behind the cursor are gone. Read the state and go on at `first`. */
export class Trimmed extends BurdockError {
  /** The first place that can still be followed from. */
  get first(): Cursor | undefined {
    return this.problem["first"] as Cursor | undefined;
  }
}

/** The session was deleted while it was followed. */
export class Deleted extends BurdockError {
  constructor(detail: string) {
    super({ status: 0, code: "deleted", detail });
  }
}

/**
 * The server could not be reached, or not any more. Of a run whose first answer never came, nobody
 * knows whether it began (`cursor` is undefined then): ask `session.get()`.
 */
export class ConnectionLost extends BurdockError {
  /** The last event that was seen. */
  readonly cursor: Cursor | undefined;

  constructor(detail: string, cursor?: Cursor, cause?: unknown) {
    super({ status: 0, code: "connection_lost", detail }, { cause });
    this.cursor = cursor;
  }
}

/** The server's answer is not what a burdock server says: a proxy's page, say. */
export class ProtocolError extends BurdockError {
  constructor(detail: string, cause?: unknown) {
    super({ status: 0, code: "protocol", detail }, { cause });
  }
}

/** The run ended with an error. It can be resumed. */
export class RunFailed extends BurdockError {
  /** The terminal event. */
  readonly event: Extract<TerminalEvent, { type: "run_failed" }>;

  constructor(event: Extract<TerminalEvent, { type: "run_failed" }>) {
    super({ status: 0, code: "run_failed", detail: event.error });
    this.event = event;
  }
}

/** The run is not under way any more and did not end: the server's process died. */
export class RunInterrupted extends BurdockError {
  /** The last event that was seen. */
  readonly cursor: Cursor | undefined;
  /**
   * Whether `session.resume()` continues it; otherwise it died before anything was recorded, or another process
   * has started another run since.
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

/** The stream was left before its end. The run goes on. */
export class Detached extends BurdockError {
  constructor() {
    super({ status: 0, code: "detached", detail: "the stream was left before its end" });
  }
}

/** A change does not fit the value that it is applied to: a change is missing, or was applied twice. */
export class ChangeError extends BurdockError {
  /** Position in the value. */
  readonly path: readonly Segment[];

  constructor(path: readonly Segment[], reason: string) {
    super({ status: 0, code: "change", detail: `change does not fit at ${placeOf(path)}: ${reason}` });
    this.path = path;
  }
}

/** Whether the next try may do better. */
export function passing(error: unknown): boolean {
  if (!(error instanceof BurdockError)) return false;
  return error instanceof ConnectionLost || error.status >= 500 || [408, 425, 429].includes(error.status);
}

/** An error of this package, whatever was thrown. */
export function known(error: unknown): BurdockError {
  if (error instanceof BurdockError) return error;
  return new BurdockError({ status: 0, code: "client", detail: String(error) }, { cause: error });
}

const CLASSES: Record<string, typeof BurdockError> = {
  unknown_session: UnknownSession,
  invalid_inputs: InvalidInputs,
  unauthorized: Unauthorized,
  running: Running,
  unfinished: Unfinished,
  trimmed: Trimmed,
};

/** The error that an answer stands for. */
export async function fromAnswer(answer: Response): Promise<BurdockError> {
  const problem = await describe(answer);
  const seconds = Number(answer.headers.get("retry-after") ?? "none"); // a date is left out
  const retryAfter = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  return new (CLASSES[problem.code] ?? BurdockError)(problem, { retryAfter });
}

async function describe(answer: Response): Promise<Problem> {
  const { status } = answer;
  const text = await answer.text().catch(() => "");
  if (/\bjson\b/.test(answer.headers.get("content-type") ?? "")) {
    try {
      const said: unknown = JSON.parse(text);
      if (typeof said === "object" && said !== null) {
        const fields = said as Partial<Problem>;
        return { ...fields, status, code: fields.code ?? `http_${status}` };
      }
    } catch {
      // then it is no problem that a burdock server describes
    }
  }
  return { status, code: `http_${status}`, detail: answer.statusText || `HTTP status ${status}` };
}
