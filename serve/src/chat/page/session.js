// One session as the page follows it: history, then the stream, for as long as the page is there.

import { Problem } from "./api.js";
import { Backoff, read } from "./stream.js";
import { absent, deleted, isTerminal, isTornBy, rebase, take, unknown } from "./store.js";

/** How often a session that is not there yet is looked for: another tab may begin it. */
const LOOK_AGAIN = 3000;

/** After how much silence a run that the stream left open is asked about. */
const QUIET = 700;

/** After how long a page that nobody looks at gives its connection to others: a browser has six. */
const UNSEEN = 60_000;

/** Keeps `model` equal to what the server has, whatever happens to the line. */
export class Session {
  #api;
  #tell;
  #memory;
  #closed = new AbortController();
  #stream = null;
  #backoff = new Backoff();
  #wake = () => {};
  #quiet = null;
  #sure = null;
  #unseen = null;
  #asleep = false;

  /**
   * `tell(session)` is called whenever `model` or `line` changed. `memory` outlives a reload: it has
   * the cursor before the last run, so that its whole path is there again.
   */
  constructor(id, api, tell, memory = { get: () => undefined, set: () => {} }) {
    this.id = id;
    this.model = unknown;
    this.line = { is: "opening" }; // or "open", "lost", "refused" with `why`
    this.#api = api;
    this.#tell = tell;
    this.#memory = memory;
  }

  /** Follows until `close`. */
  async start() {
    while (!this.#closed.signal.aborted) {
      try {
        await this.#load();
        if (this.model.known === "absent") {
          this.#backoff.reset();
          this.#say({ is: "open" });
          await this.#wait(this.#asleep ? Infinity : LOOK_AGAIN);
          continue;
        }
        await this.#follow();
        if (this.model.known === "deleted") return;
        if (!this.#asleep) this.#say({ is: "lost" });
      } catch (error) {
        if (this.#closed.signal.aborted) return;
        if (!this.#asleep) this.#lose(error);
      }
      await this.#wait(this.#asleep ? Infinity : this.#backoff.next());
    }
  }

  close() {
    this.#closed.abort();
    this.#stream?.abort();
    clearTimeout(this.#quiet);
    clearTimeout(this.#unseen);
    this.#wake();
  }

  /** Does not wait any longer: the network is back, or somebody looks. */
  hurry() {
    if (this.line.is === "lost" || this.model.known === "absent") this.#wake();
  }

  /** Whether somebody looks at the page. */
  look(seen, unseen = UNSEEN) {
    clearTimeout(this.#unseen);
    if (!seen) this.#unseen = setTimeout(() => this.#sleep(unseen), unseen);
    else if (this.#asleep) {
      this.#asleep = false;
      this.#wake();
    } else this.hurry();
  }

  #sleep(unseen) {
    // who waits for an answer may want to hear that it came
    if (this.model.live.running) return this.look(false, unseen);
    this.#asleep = true;
    this.#stream?.abort();
  }

  async send(prompt) {
    await this.#api.prompt(this.id, prompt);
    this.hurry();
  }

  async stop() {
    await this.#api.stop(this.id);
  }

  /** Goes on with what was left: a run that is unfinished, or a session that has ended. */
  async goOn(kind) {
    await (kind === "ended" ? this.#api.reopen(this.id) : this.#api.resume(this.id));
    this.hurry();
  }

  async #load() {
    const asked = this.model;
    try {
      const ask = () => this.#api.chat(this.id, this.#closed.signal);
      let chat = await ask();
      // a run may have ended between its history was read and it was looked for: what is read now has its end
      if (!chat.running && chat.position.at === "unfinished") chat = await ask();
      this.#become(rebase(this.model, { run: this.#memory.get(), ...chat }, asked));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      this.#become(absent(this.model));
    }
  }

  async #follow() {
    this.#stream = new AbortController();
    const { signal } = this.#stream;
    const response = await this.#api.events(this.id, this.model.last, signal);
    this.#say({ is: "open" });
    this.#listen();
    try {
      await read(response, (event, id, retry) => this.#take(event, id, retry), {
        abort: () => this.#stream.abort(),
      });
    } finally {
      clearTimeout(this.#quiet);
      this.#stream.abort();
    }
  }

  #take(event, id, retry) {
    if (retry !== undefined) this.#backoff.first = Math.min(retry, this.#backoff.most);
    this.#backoff.reset();
    this.#listen();
    if (event.type === "error") return this.#ended(event);
    if (isTornBy(this.model, event)) return this.#forget();
    if (event.type === "run_started") this.#memory.set(this.model.last);
    this.#become(take(this.model, event, id));
    if (isTerminal(event)) this.#reconcile();
  }

  /** The server closes the stream, and says why. */
  #ended({ code }) {
    if (code === "deleted") this.#become(deleted(this.model));
    if (code === "trimmed") this.#forget();
  }

  /** Begins anew with the history. */
  #forget() {
    this.model = unknown;
    this.#memory.set(undefined);
    this.#stream?.abort();
  }

  /** A run is over: what the history says now is what counts. */
  #reconcile() {
    this.#load().catch(() => {}); // the stream finds out what is wrong, and tries again
  }

  /**
   * After a reconnect, a run that says nothing may be one that died with its process, and one that
   * nobody knew of may have begun in the very moment. Asked once, after the first silence.
   */
  #listen() {
    clearTimeout(this.#quiet);
    if (this.#sure === this.#stream) return;
    this.#quiet = setTimeout(() => {
      this.#sure = this.#stream;
      const { running, position } = this.model.live;
      if (running || position.at === "unfinished") this.#reconcile();
    }, QUIET);
  }

  #lose(error) {
    if (error instanceof Problem) {
      if (error.status === 410 || error.code === "invalid_cursor") this.#forget();
      if (error.status < 500 && error.status !== 410 && error.status !== 404) {
        return this.#say({ is: "refused", why: error });
      }
    }
    this.#say({ is: "lost" });
  }

  #wait(milliseconds) {
    return new Promise((resolve) => {
      const timer = milliseconds === Infinity ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#closed.signal.aborted) this.#wake();
    });
  }

  #become(model) {
    if (this.#closed.signal.aborted || model === this.model) return;
    this.model = model;
    this.#tell(this);
  }

  #say(line) {
    if (this.#closed.signal.aborted) return;
    this.line = line;
    this.#tell(this);
  }
}
