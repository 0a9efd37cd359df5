import { Backoff, wait, type Reconnect } from "./backoff.ts";
import { offset } from "./cursor.ts";
import { Deleted, RunFailed, Trimmed, UnknownSession, known, passing, type BurdockError } from "./errors.ts";
import type { ChatEvent, Cursor, TerminalEvent } from "./events.ts";
import { terminal, type Connection } from "./follow.ts";
import { NOTHING, leadsTo, merged, type Page } from "./history.ts";
import type { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Seen } from "./stream.ts";
import { Text } from "./text.ts";
import type { AnyGraph, ChatHistory, ChatMessage, GraphTypes, Position, SessionInfo } from "./types.ts";

/** A chat as it is shown. */
export interface Chat {
  /**
   * `unfinished`: the last run was stopped, failed, or died with its server; it can be retried, or the
   * next prompt takes its place.
   */
  status: "loading" | "idle" | "running" | "unfinished" | "ended";
  /** The name of the graph; empty in a session that is not there yet. */
  title: string;
  /** The newest messages, down to what is being answered, and the older ones that were loaded. */
  messages: readonly ChatMessage[];
  /** The index of the first of `messages` in the chat: unless it is 0, `older` loads those before it. */
  first: number;
  /** `closed`: `error` says why, and it is not tried again until something that is asked is taken. */
  connection: Connection | "closed";
  /** Why the last run, or the last request, failed. */
  error: BurdockError | undefined;
}

type Now = Pick<SessionInfo, "running" | "position" | "cursor">;

const EMPTY: Chat = {
  status: "loading",
  title: "",
  messages: [],
  first: 0,
  connection: "connecting",
  error: undefined,
};

/** A chat that is kept up to date while somebody subscribes to it, whoever it is that writes to it. */
export class ChatStore<G extends GraphTypes = AnyGraph> extends Store<Chat> {
  readonly #session: Session<G>;
  readonly #reconnect: Reconnect;
  readonly #lookAgain: number;
  #abort = new AbortController();
  #made: () => void = () => undefined;
  /** What was read of the chat, without what events told since. */
  #history: Page = NOTHING;
  #older: Promise<void> | undefined;
  #before: readonly ChatMessage[] = [];
  #text = new Text();
  /** Up to here nothing is under way any more, even where a run begins there. */
  #settled = -1;

  /** A session that is not there yet is looked for every `lookAgain` milliseconds: others may make it. */
  constructor(session: Session<G>, reconnect: Reconnect = {}, lookAgain = 3000) {
    super(EMPTY);
    this.#lookAgain = lookAgain;
    this.#session = session;
    this.#reconnect = { attempts: Number.POSITIVE_INFINITY, ...reconnect };
  }

  /** Says something; whether it was taken. Makes the session if it is not there. */
  readonly send = (prompt: string): Promise<boolean> => {
    return this.#ask(async () => {
      await this.#session.send(prompt).started;
      this.#made();
    });
  };

  /** Stops the answer. */
  readonly stop = (): Promise<boolean> => this.#ask(() => this.#session.stop());

  /** Goes on with an answer that is unfinished. */
  readonly retry = (): Promise<boolean> => {
    return this.#ask(async () => void (await this.#session.retry().started));
  };

  /** Loads the page of messages before those that are shown; whether that worked. */
  readonly older = (): Promise<boolean> => {
    return this.#ask(() => (this.#older ??= this.#load().finally(() => (this.#older = undefined))));
  };

  protected override open(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#live(signal).catch((error: unknown) => {
      if (!signal.aborted) this.change({ error: known(error), connection: "closed" });
    });
  }

  protected override close(): void {
    this.#abort.abort();
  }

  async #ask(request: () => Promise<void>): Promise<boolean> {
    try {
      this.change({ error: undefined });
      await request();
      if (this.snapshot().connection === "closed" && this.watched) this.open();
      return true;
    } catch (error) {
      this.change({ error: known(error) });
      return false;
    }
  }

  async #load(): Promise<void> {
    const { first } = this.#history;
    if (first === 0) return;
    const page = await this.#session.chat({ before: first });
    if (!leadsTo(page, this.#history)) return; // the chat was read again meanwhile
    const { messages } = this.#history;
    this.#history = { first: page.first, messages: [...page.messages, ...messages] };
    this.#before = [...page.messages, ...this.#before];
    this.change({ first: page.first, messages: [...page.messages, ...this.snapshot().messages] });
  }

  /** Reads the history and follows it, again and again. */
  async #live(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#reconnect);
    while (!signal.aborted) {
      try {
        const { history, now } = await this.#read(signal);
        this.#show(history);
        this.#settle(now, history.cursor);
        await this.#follow(history.cursor, signal);
        backoff.reset();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof UnknownSession || error instanceof Deleted) {
          if (!this.#absent) this.#show(undefined);
          await this.#existence(signal);
          continue;
        }
        const again = passing(error) || error instanceof Trimmed;
        const delay = again ? backoff.next(known(error).retryAfter) : undefined;
        if (delay === undefined) throw error;
        this.change({ connection: "waiting" });
        await wait(delay, signal);
      }
    }
  }

  get #absent(): boolean {
    const { status, connection, messages } = this.snapshot();
    return status === "idle" && connection === "open" && messages.length === 0;
  }

  async #read(signal: AbortSignal) {
    const history = await this.#session.chat({ signal });
    const now = await this.#session.get({ signal });
    return { history, now };
  }

  /** Follows until what is shown has to be read anew. */
  async #follow(from: Cursor, signal: AbortSignal): Promise<void> {
    let lost = false;
    const onConnection = (connection: Connection) => {
      this.change({ connection });
      if (connection === "waiting") lost = true;
      if (connection === "open" && lost) {
        lost = false;
        const settle = (now: Now) => this.#settle(now, events.cursor);
        this.#session.get({ signal }).then(settle, () => undefined); // then the next event tells
      }
    };
    const reconnect = this.#reconnect;
    const events = this.#session.chatEvents({ from, signal, reconnect, onConnection });
    for await (const event of events) {
      if (event.type === "rewound") return;
      this.#take(event, events.cursor);
    }
  }

  /** A server that died may have left its run behind, which no event tells. */
  #settle({ running, position, cursor }: Now, seen: Cursor | undefined): void {
    this.#settled = running ? -1 : offset(cursor);
    if (running || offset(seen) > this.#settled) return;
    this.change({ status: status(position.at) });
  }

  /** Waits until the session may be there: it was made here, or perhaps elsewhere. */
  async #existence(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#made = resolve;
      wait(this.#lookAgain, signal).then(resolve, reject);
    });
  }

  #show(history: ChatHistory<G["node"]> | undefined): void {
    this.#history = history === undefined ? NOTHING : merged(this.#history, history);
    this.#before = this.#history.messages;
    this.#text = new Text();
    this.change({
      status: history?.running ? "running" : status(history?.position.at ?? "rest"),
      title: history?.title ?? "",
      messages: this.#before,
      first: this.#history.first,
      connection: history === undefined ? "open" : this.snapshot().connection,
    });
  }

  #take(event: Seen<ChatEvent<G["state"], G["node"]>>, cursor: Cursor | undefined): void {
    const end = terminal(event);
    if (end !== undefined) return this.#now(cursor, ending(end), failure(end));
    switch (event.type) {
      case "run_started": {
        const { messages } = this.snapshot();
        const said: ChatMessage[] =
          event.prompt === undefined ? [] : [{ role: "user", text: event.prompt }];
        this.#before = [...messages, ...said];
        this.#text = new Text();
        this.change({ messages: this.#before });
        this.#now(cursor, "running");
        break;
      }
      case "run_resumed":
        this.#now(cursor, "running");
        break;
      case "session_reopened":
        this.#now(cursor, "idle");
        break;
      default:
        if (this.#text.take({ event, cursor }) !== undefined) this.#answer(this.#text.text);
    }
  }

  /** What a run's beginning and end tell, unless it is over and done with. */
  #now(cursor: Cursor | undefined, status: Chat["status"], error?: BurdockError): void {
    this.change(offset(cursor) > this.#settled ? { status, error } : { error });
  }

  #answer(text: string): void {
    const answer: ChatMessage[] = text === "" ? [] : [{ role: "assistant", text }];
    this.change({ messages: [...this.#before, ...answer] });
  }
}

function ending({ type }: TerminalEvent): Chat["status"] {
  if (type === "run_ended") return "ended";
  return type === "run_paused" ? "idle" : "unfinished";
}

function failure(event: TerminalEvent): RunFailed | undefined {
  return event.type === "run_failed" ? new RunFailed(event) : undefined;
}

function status(at: Position["at"]): Chat["status"] {
  return at === "rest" ? "idle" : at;
}
