// A session as the page follows it: the newest page of its history, an event stream while a run is in
// progress, and a poll every few seconds while none is.

import { Problem } from "./api.js";
import { Backoff, read } from "./stream.js";
import { absent, deleted, isTerminal, isTornBy, older, rebase, take, unknown } from "./store.js";

/** How often a visible page asks whether another device has started a run, in milliseconds. */
const LOOK_AGAIN = 3000;

/** After how much silence a run that the stream left open is asked about. */
const QUIET = 700;

/** A browser with a single tab. */
const ALONE = {
  take: async () => ({ over: new Promise(() => {}), release() {} }),
  changed() {},
  ended() {},
};

/** Keeps `model` equal to what the server has, whatever happens to the line. */
export class Session {
  #api;
  #tell;
  #memory;
  #tabs;
  #closed = new AbortController();
  #stream = null;
  #backoff = new Backoff();
  #wake = () => {};
  #quiet = null;
  #sure = null;
  #changes = 1; // reasons to read the history before the stream, counted
  #loaded = 0; // those among them that the history had that was read last
  #ran = false; // whether the last model had a run in progress
  #stale = false; // whether the model is shown only until the history replaces it
  #seen = true;
  #suspended = false;
  #hurried = false;
  #older = null;

  /**
   * `tell(session)` is called whenever `model` or `line` changed. `memory` outlives a reload: it has
   * the cursor before the last run, so that its whole path is there again. `tabs` shares the
   * connections of the browser.
   */
  constructor(id, api, tell, memory = { get: () => undefined, set: () => {} }, tabs = ALONE) {
    this.id = id;
    this.model = unknown;
    this.line = { is: "opening" }; // or "open", "lost", "refused" with `why`
    this.#api = api;
    this.#tell = tell;
    this.#memory = memory;
    this.#tabs = tabs;
  }

  /** Follows until `close`. */
  async start() {
    while (!this.#closed.signal.aborted && this.model.known !== "deleted") {
      this.#hurried = false;
      let pause;
      try {
        pause = await this.#round();
      } catch (error) {
        if (this.#closed.signal.aborted) return;
        if (this.#suspended) pause = Infinity;
        else pause = this.#lose(error);
      }
      if (this.#hurried && !this.#suspended) continue;
      await this.#wait(pause);
    }
  }

  /** Reads what is new; returns the delay before the next round. */
  async #round() {
    if (this.#suspended) return Infinity;
    if (this.#loaded < this.#changes) await this.#load();
    if (this.model.known === "deleted") return 0;
    if (this.model.known === "absent") {
      this.#backoff.reset();
      this.#outdate();
      this.#say({ is: "open" });
      return this.#idle();
    }
    const end = await this.#follow();
    if (end === "yielded" || this.model.known === "deleted") return 0;
    if (end === "over") return this.#idle();
    this.#outdate();
    if (end === "interrupted") {
      await this.#load();
      return this.#idle();
    }
    if (this.#suspended) return Infinity;
    this.#say({ is: "lost" });
    return this.#pause(this.#backoff.next());
  }

  /** No run is in progress. A hidden page waits until it is visible or another tab reports a change. */
  #idle() {
    return this.#seen ? LOOK_AGAIN : Infinity;
  }

  /** A hidden page keeps retrying while it waits for an answer. */
  #pause(milliseconds) {
    return this.#seen || this.model.live.running ? milliseconds : Infinity;
  }

  close() {
    this.#closed.abort();
    this.#stream?.abort();
    clearTimeout(this.#quiet);
    this.#wake();
  }

  /** Does not wait any longer: something has happened, the network is back, or the page is seen. */
  hurry() {
    this.#hurried = true;
    this.#wake();
  }

  /** Another tab has changed the session. */
  refresh() {
    this.#outdate();
    this.hurry();
  }

  /** The history has to be read again. */
  #outdate() {
    this.#changes += 1;
  }

  /** Whether the page is seen. */
  look(seen) {
    this.#seen = seen;
    if (seen) this.hurry();
  }

  /** The browser suspends the page: it must not hold a connection or a lock. */
  suspend() {
    this.#suspended = true;
    this.#stream?.abort();
  }

  resume() {
    this.#suspended = false;
    this.hurry();
  }

  async send(prompt) {
    await this.#api.prompt(this.id, prompt);
    this.#changed();
  }

  async stop() {
    await this.#api.stop(this.id);
  }

  /** Continues what was left: a run that is unfinished, or a session that has ended. */
  async goOn(kind) {
    await (kind === "ended" ? this.#api.reopen(this.id) : this.#api.resume(this.id));
    this.#outdate(); // no run begins when a session is opened again
    this.#changed();
  }

  async remove() {
    await this.#api.remove(this.id);
    this.#become(deleted(this.model));
    this.#changed();
  }

  #changed() {
    this.#tabs.changed(this.id);
    this.hurry();
  }

  /** Loads the page of messages before those that are known. */
  older() {
    const { first } = this.model.base;
    if (this.model.known !== "present" || first === 0) return Promise.resolve();
    const load = async () => {
      try {
        const page = await this.#api.chat(this.id, { before: first, signal: this.#closed.signal });
        this.#become(older(this.model, page));
      } finally {
        this.#older = null;
      }
    };
    return (this.#older ??= load());
  }

  async #load() {
    const asked = this.model;
    const changes = this.#changes; // one that is reported from now on may be missing in the answer
    try {
      const ask = () => this.#api.chat(this.id, { signal: this.#closed.signal });
      let chat = await ask();
      // a run may have ended between its history was read and it was looked for: what is read now has its end
      if (!chat.running && chat.position.at === "unfinished") chat = await ask();
      const known = this.#stale ? { ...unknown, title: this.model.title } : this.model;
      this.#stale = false;
      this.#become(rebase(known, { run: this.#memory.get(), ...chat }, asked));
      this.#loaded = Math.max(this.#loaded, changes);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      this.#gone();
    }
  }

  /** The server does not know the session. */
  #gone() {
    this.#become(this.model.known === "present" ? deleted(this.model) : absent(this.model));
  }

  /** Reads the stream to the end of the run: how that came about, or nothing if it broke off. */
  async #follow() {
    const stream = (this.#stream = new AbortController());
    // a suspended page must not wait either: it could not release the slot
    const turn = await this.#tabs.take(stream.signal);
    let end;
    turn.over.then(() => {
      end ??= "yielded";
      stream.abort();
    });
    try {
      const response = await this.#api.events(this.id, this.model.last, stream.signal);
      this.#say({ is: "open" });
      this.#backoff.reset();
      if (response.status === 204) return "over";
      this.#listen();
      await read(
        response,
        (event, id, retry) => {
          this.#take(event, id, retry);
          if (isTerminal(event)) end = "over";
          else if (event.code === "interrupted") end = "interrupted";
          else if (event.type === "run_started" || event.type === "run_resumed") end = undefined;
        },
        { abort: () => stream.abort() },
      );
      return end;
    } catch (error) {
      if (end === "yielded") return end;
      if (error instanceof Problem && error.status === 404) this.#gone();
      throw error;
    } finally {
      clearTimeout(this.#quiet);
      stream.abort();
      turn.release();
    }
  }

  #take(event, id, retry) {
    if (this.#stale) return; // the rest of what had arrived when the stream was closed
    if (retry !== undefined) this.#backoff.first = Math.min(retry, this.#backoff.most);
    this.#backoff.reset();
    this.#listen();
    if (event.type === "error") return this.#ended(event);
    if (isTornBy(this.model, event)) return this.#forget();
    if (event.type === "run_started") this.#memory.set(this.model.last);
    const { tail } = this.model;
    this.#become(take(this.model, event, id));
    // the history has more than what was read if something has happened behind it
    if (isTerminal(event) && tail) this.#reconcile();
  }

  /** The server closes the stream, and says why. */
  #ended({ code }) {
    if (code === "deleted") this.#become(deleted(this.model));
    if (code === "trimmed") this.#forget();
  }

  /** Starts again with the history. What is shown stays until it is there. */
  #forget() {
    this.#stale = true;
    this.#outdate();
    this.#memory.set(undefined);
    this.#stream?.abort();
  }

  /** A run is over: what the history says now is what counts. */
  #reconcile() {
    this.#load().catch(() => this.#outdate()); // the next round tries again
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

  /** Something failed; returns when to try again. */
  #lose(error) {
    this.#outdate();
    if (error instanceof Problem) {
      if (error.status === 410 || error.code === "invalid_cursor") this.#forget();
      if (error.status < 500 && error.status !== 410 && error.status !== 404) {
        this.#say({ is: "refused", why: error });
        return this.#pause(this.#backoff.next());
      }
    }
    if (this.model.known !== "deleted") this.#say({ is: "lost" });
    return this.#pause(this.#backoff.next());
  }

  #wait(milliseconds) {
    if (milliseconds === 0) return undefined;
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
    const { running } = model.live;
    if (this.#ran && !running) this.#tabs.ended(this.id);
    this.#ran = running;
    this.#tell(this);
  }

  #say(line) {
    if (this.#closed.signal.aborted) return;
    this.line = line;
    this.#tell(this);
  }
}
