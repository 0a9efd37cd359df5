import { Answers } from "./answers.ts";
import { Backoff, wait, type ReconnectOptions } from "./backoff.ts";
import { offset } from "./cursor.ts";
import {
  EventsTrimmedError,
  RunFailedError,
  SessionDeletedError,
  UnknownSessionError,
  isTransient,
  toBurdockError,
  type BurdockError,
} from "./errors.ts";
import type { ChatEvent, Cursor, TerminalEvent } from "./events.ts";
import { terminal, type Connection } from "./follow.ts";
import { EMPTY_PAGE, mergePages, precedes, type Page } from "./history.ts";
import type { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { DeliveredEvent } from "./stream.ts";
import type { AnyGraph, ChatHistory, ChatMessage, GraphTypes, Position, SessionInfo } from "./types.ts";

/** A snapshot of a chat for display. */
export interface Chat {
  /**
   * `unfinished`: the last run was stopped, failed, or was interrupted by a server crash. It can be
   * retried, or the next prompt replaces it.
   */
  status: "loading" | "idle" | "running" | "unfinished" | "ended";
  /** Name of the graph; empty if the session does not exist yet. */
  title: string;
  /** The newest messages, including the answer in progress, and the older messages loaded so far. */
  messages: readonly ChatMessage[];
  /** Index of the first of `messages` in the chat. If it is not 0, `loadOlder` loads those before it. */
  first: number;
  /** `closed`: the stream ended with `error`, and reopens after the next request that succeeds. */
  connection: Connection | "closed";
  /** Error of the last run or the last request. */
  error: BurdockError | undefined;
}

type SessionStatus = Pick<SessionInfo, "running" | "position" | "cursor">;

const EMPTY: Chat = {
  status: "loading",
  title: "",
  messages: [],
  first: 0,
  connection: "connecting",
  error: undefined,
};

/** A chat that is kept up to date while it has subscribers, including messages sent by other clients. */
export class ChatStore<G extends GraphTypes = AnyGraph> extends Store<Chat> {
  readonly #session: Session<G>;
  readonly #reconnect: ReconnectOptions;
  readonly #pollInterval: number;
  #abort = new AbortController();
  #onCreated: () => void = () => undefined;
  /** Messages read from the chat's history, without later events. */
  #history: Page = EMPTY_PAGE;
  #loading: Promise<void> | undefined;
  #settled: readonly ChatMessage[] = [];
  #answers = new Answers();
  /** Up to this offset no run is in progress, even if one started there. */
  #idleUpTo = -1;

  /** Creates a store. It polls every `pollInterval` milliseconds while the session does not exist. */
  constructor(session: Session<G>, reconnect: ReconnectOptions = {}, pollInterval = 3000) {
    super(EMPTY);
    this.#pollInterval = pollInterval;
    this.#session = session;
    this.#reconnect = { attempts: Number.POSITIVE_INFINITY, ...reconnect };
  }

  /** Sends a message. Creates the session if it does not exist. Returns whether the server accepted it. */
  readonly send = (prompt: string): Promise<boolean> => {
    return this.#request(async () => {
      await this.#session.send(prompt).started;
      this.#onCreated();
    });
  };

  /** Stops the run in progress. Returns whether the server accepted the request. */
  readonly stop = (): Promise<boolean> => this.#request(() => this.#session.stop());

  /** Resumes an unfinished run. Returns whether the server accepted the request. */
  readonly retry = (): Promise<boolean> => {
    return this.#request(async () => void (await this.#session.retry().started));
  };

  /** Loads the page of messages before those shown. Returns whether the request succeeded. */
  readonly loadOlder = (): Promise<boolean> => {
    return this.#request(() => (this.#loading ??= this.#load().finally(() => (this.#loading = undefined))));
  };

  protected override open(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#run(signal).catch((error: unknown) => {
      if (!signal.aborted) this.change({ error: toBurdockError(error), connection: "closed" });
    });
  }

  protected override close(): void {
    this.#abort.abort();
  }

  async #request(request: () => Promise<void>): Promise<boolean> {
    try {
      this.change({ error: undefined });
      await request();
      if (this.snapshot().connection === "closed" && this.watched) this.open();
      return true;
    } catch (error) {
      this.change({ error: toBurdockError(error) });
      return false;
    }
  }

  async #load(): Promise<void> {
    const { first } = this.#history;
    if (first === 0) return;
    const page = await this.#session.chat({ before: first });
    if (!precedes(page, this.#history)) return; // the history has been read again in the meantime
    const { messages } = this.#history;
    this.#history = { first: page.first, messages: [...page.messages, ...messages] };
    this.#settled = [...page.messages, ...this.#settled];
    this.change({ first: page.first, messages: [...page.messages, ...this.snapshot().messages] });
  }

  /** Reads the history and follows the events after it, in a loop. */
  async #run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#reconnect);
    while (!signal.aborted) {
      try {
        const { history, info } = await this.#read(signal);
        this.#show(history);
        this.#updateStatus(info, history.cursor);
        await this.#follow(history.cursor, signal);
        backoff.reset();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof UnknownSessionError || error instanceof SessionDeletedError) {
          if (!this.#showsNewChat) this.#show(undefined);
          await this.#untilCreated(signal);
          continue;
        }
        const retry = isTransient(error) || error instanceof EventsTrimmedError;
        const delay = retry ? backoff.next(toBurdockError(error).retryAfter) : undefined;
        if (delay === undefined) throw error;
        this.change({ connection: "waiting" });
        await wait(delay, signal);
      }
    }
  }

  get #showsNewChat(): boolean {
    const { status, connection, messages } = this.snapshot();
    return status === "idle" && connection === "open" && messages.length === 0;
  }

  async #read(signal: AbortSignal) {
    const history = await this.#session.chat({ signal });
    const info = await this.#session.get({ signal });
    return { history, info };
  }

  /** Follows the events until the history has to be read again. */
  async #follow(from: Cursor, signal: AbortSignal): Promise<void> {
    let lost = false;
    const onConnection = (connection: Connection) => {
      this.change({ connection });
      if (connection === "waiting") lost = true;
      if (connection === "open" && lost) {
        lost = false;
        const update = (info: SessionStatus) => this.#updateStatus(info, events.cursor);
        this.#session.get({ signal }).then(update, () => undefined); // on failure the next event updates it
      }
    };
    const reconnect = this.#reconnect;
    const events = this.#session.chatEvents({ from, signal, reconnect, onConnection });
    for await (const event of events) {
      if (event.type === "rewound") return;
      this.#apply(event, events.cursor);
    }
  }

  /** Updates the status after a server crash, which can interrupt a run without an event. */
  #updateStatus({ running, position, cursor }: SessionStatus, seen: Cursor | undefined): void {
    this.#idleUpTo = running ? -1 : offset(cursor);
    if (running || offset(seen) > this.#idleUpTo) return;
    this.change({ status: statusAt(position.at) });
  }

  /** Waits until this store creates the session, or until the next poll. */
  async #untilCreated(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onCreated = resolve;
      wait(this.#pollInterval, signal).then(resolve, reject);
    });
  }

  #show(history: ChatHistory<G["node"]> | undefined): void {
    this.#history = history === undefined ? EMPTY_PAGE : mergePages(this.#history, history);
    this.#settled = this.#history.messages;
    this.#answers = new Answers();
    this.change({
      status: history?.running ? "running" : statusAt(history?.position.at ?? "rest"),
      title: history?.title ?? "",
      messages: this.#settled,
      first: this.#history.first,
      connection: history === undefined ? "open" : this.snapshot().connection,
    });
  }

  #apply(event: DeliveredEvent<ChatEvent<G["state"], G["node"]>>, cursor: Cursor | undefined): void {
    const end = terminal(event);
    if (end !== undefined) return this.#setStatus(cursor, statusAfter(end), failure(end));
    switch (event.type) {
      case "run_started": {
        const messages = this.#answers.committedAfter(this.#settled);
        const prompt: ChatMessage[] =
          event.prompt === undefined ? [] : [{ role: "user", text: event.prompt }];
        this.#settled = [...messages, ...prompt];
        this.#answers = new Answers();
        this.change({ messages: this.#settled });
        this.#setStatus(cursor, "running");
        break;
      }
      case "run_resumed":
        this.#setStatus(cursor, "running");
        break;
      case "session_reopened":
        this.#setStatus(cursor, "idle");
        break;
      default:
        if (this.#answers.apply(event)) this.change({ messages: this.#answers.after(this.#settled) });
    }
  }

  /** Sets the status after the start or end of a run, unless the run is known to be no longer in progress. */
  #setStatus(cursor: Cursor | undefined, status: Chat["status"], error?: BurdockError): void {
    this.change(offset(cursor) > this.#idleUpTo ? { status, error } : { error });
  }
}

function statusAfter({ type }: TerminalEvent): Chat["status"] {
  if (type === "run_ended") return "ended";
  return type === "run_paused" ? "idle" : "unfinished";
}

function failure(event: TerminalEvent): RunFailedError | undefined {
  return event.type === "run_failed" ? new RunFailedError(event) : undefined;
}

function statusAt(at: Position["at"]): Chat["status"] {
  return at === "rest" ? "idle" : at;
}
