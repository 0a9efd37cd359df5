// A session followed by the page: the newest page of its history, an event stream while a run is in
// progress, and a poll every few seconds while none is.

import { Problem } from "./api.js";
import { Backoff, read } from "./stream.js";
import {
  absent,
  applyEvent,
  applyHistory,
  deleted,
  initial,
  invalidatesHistory,
  isStart,
  isTerminal,
  prependOlder,
} from "./store.js";

/** Interval at which a visible page checks whether another device has started a run, in milliseconds. */
const POLL_INTERVAL = 3000;

/** Time without an event after which the page checks whether the run is still in progress, in milliseconds. */
const IDLE_CHECK = 700;

/** `Tabs` of a browser with a single tab. */
const SINGLE_TAB = {
  acquire: async () => ({ revoked: new Promise(() => {}), release() {} }),
  changed() {},
  ended() {},
};

/** Keeps `model` in sync with the server across lost connections. */
export class Session {
  #api;
  #notify;
  #memory;
  #tabs;
  #closed = new AbortController();
  #stream = null;
  #backoff = new Backoff();
  #wake = () => {};
  #idleTimer = null;
  #checked = null; // the stream for which the idle check has run
  #changes = 1; // number of reasons so far to read the history
  #loaded = 0; // the value of `#changes` when the history was last read
  #wasRunning = false; // whether the previous model had a run in progress
  #stale = false; // whether the model is shown only until the history replaces it
  #visible = true;
  #suspended = false;
  #woken = false;
  #loadingOlder = null;

  /**
   * `notify(session)` is called whenever `model` or `connection` has changed. `memory` survives a reload: it
   * stores the cursor before the last run, to restore its complete path. `tabs` shares the connections of
   * the browser.
   */
  constructor(id, api, notify, memory = { get: () => undefined, set: () => {} }, tabs = SINGLE_TAB) {
    this.id = id;
    this.model = initial;
    this.connection = { status: "connecting" }; // or "open", "lost", "rejected" with `error`
    this.#api = api;
    this.#notify = notify;
    this.#memory = memory;
    this.#tabs = tabs;
  }

  /** Follows the session until `close`. */
  async start() {
    while (!this.#closed.signal.aborted && this.model.status !== "deleted") {
      this.#woken = false;
      let delay;
      try {
        delay = await this.#update();
      } catch (error) {
        if (this.#closed.signal.aborted) return;
        if (this.#suspended) delay = Infinity;
        else delay = this.#onFailure(error);
      }
      if (this.#woken && !this.#suspended) continue;
      await this.#wait(delay);
    }
  }

  /** Reads new events; returns the delay before the next update. */
  async #update() {
    if (this.#suspended) return Infinity;
    if (this.#loaded < this.#changes) await this.#load();
    if (this.model.status === "deleted") return 0;
    if (this.model.status === "absent") {
      this.#backoff.reset();
      this.#invalidate();
      this.#setConnection({ status: "open" });
      return this.#idleDelay();
    }
    const end = await this.#follow();
    if (end === "revoked" || this.model.status === "deleted") return 0;
    if (end === "ended") return this.#idleDelay();
    this.#invalidate();
    if (end === "interrupted") {
      await this.#load();
      return this.#idleDelay();
    }
    if (this.#suspended) return Infinity;
    this.#setConnection({ status: "lost" });
    return this.#retryDelay(this.#backoff.next());
  }

  /** Delay while no run is in progress. A hidden page waits until it is visible or another tab reports a change. */
  #idleDelay() {
    return this.#visible ? POLL_INTERVAL : Infinity;
  }

  /** Delay after a failure. A hidden page keeps retrying while it waits for an answer. */
  #retryDelay(milliseconds) {
    return this.#visible || this.model.live.running ? milliseconds : Infinity;
  }

  close() {
    this.#closed.abort();
    this.#stream?.abort();
    clearTimeout(this.#idleTimer);
    this.#wake();
  }

  /** Skips the delay before the next update. */
  updateNow() {
    this.#woken = true;
    this.#wake();
  }

  /** Reads the session again after another tab has changed it. */
  refresh() {
    this.#invalidate();
    this.updateNow();
  }

  /** Makes the next update read the history. */
  #invalidate() {
    this.#changes += 1;
  }

  /** Sets whether the page is visible. */
  setVisible(visible) {
    this.#visible = visible;
    if (visible) this.updateNow();
  }

  /** Called when the browser suspends the page, which then must not hold a connection or a lock. */
  suspend() {
    this.#suspended = true;
    this.#stream?.abort();
  }

  resume() {
    this.#suspended = false;
    this.updateNow();
  }

  async send(prompt) {
    await this.#api.prompt(this.id, prompt);
    this.#changed();
  }

  async stop() {
    await this.#api.stop(this.id);
  }

  /** Resumes an unfinished run, or reopens a session that has ended. */
  async continue(kind) {
    await (kind === "ended" ? this.#api.reopen(this.id) : this.#api.resume(this.id));
    this.#invalidate(); // reopening a session starts no run
    this.#changed();
  }

  async remove() {
    await this.#api.remove(this.id);
    this.#setModel(deleted(this.model));
    this.#changed();
  }

  #changed() {
    this.#tabs.changed(this.id);
    this.updateNow();
  }

  /** Loads the page of messages before the loaded ones. */
  loadOlder() {
    const { first } = this.model.base;
    if (this.model.status !== "present" || first === 0) return Promise.resolve();
    const load = async () => {
      try {
        const page = await this.#api.chat(this.id, { before: first, signal: this.#closed.signal });
        this.#setModel(prependOlder(this.model, page));
      } finally {
        this.#loadingOlder = null;
      }
    };
    return (this.#loadingOlder ??= load());
  }

  async #load() {
    const requested = this.model;
    const changes = this.#changes; // the response may not include changes reported after this
    try {
      const request = () => this.#api.chat(this.id, { signal: this.#closed.signal });
      let chat = await request();
      // the server reads the history before it checks for a run, and the run may have ended in between
      if (!chat.running && chat.position.at === "unfinished") chat = await request();
      const model = this.#stale ? { ...initial, title: this.model.title } : this.model;
      this.#stale = false;
      this.#setModel(applyHistory(model, { run: this.#memory.get(), ...chat }, requested));
      this.#loaded = Math.max(this.#loaded, changes);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      this.#onNotFound();
    }
  }

  #onNotFound() {
    this.#setModel(this.model.status === "present" ? deleted(this.model) : absent(this.model));
  }

  /** Reads the stream to the end of the run. Returns how it ended; undefined if the stream was cut off. */
  async #follow() {
    const stream = (this.#stream = new AbortController());
    // a suspended page must not wait for a slot: it could not release it
    const slot = await this.#tabs.acquire(stream.signal);
    let end;
    slot.revoked.then(() => {
      end ??= "revoked";
      stream.abort();
    });
    try {
      const response = await this.#api.events(this.id, this.model.cursor, stream.signal);
      this.#setConnection({ status: "open" });
      this.#backoff.reset();
      if (response.status === 204) return "ended";
      this.#scheduleIdleCheck();
      await read(
        response,
        (event, id, retry) => {
          this.#onEvent(event, id, retry);
          if (isTerminal(event)) end = "ended";
          else if (event.code === "interrupted") end = "interrupted";
          else if (isStart(event)) end = undefined;
        },
        { abort: () => stream.abort() },
      );
      return end;
    } catch (error) {
      if (end === "revoked") return end;
      if (error instanceof Problem && error.status === 404) this.#onNotFound();
      throw error;
    } finally {
      clearTimeout(this.#idleTimer);
      stream.abort();
      slot.release();
    }
  }

  #onEvent(event, id, retry) {
    if (this.#stale) return; // an event received before the stream was closed
    if (retry !== undefined) this.#backoff.first = Math.min(retry, this.#backoff.most);
    this.#backoff.reset();
    this.#scheduleIdleCheck();
    if (event.type === "error") return this.#onStreamError(event);
    if (invalidatesHistory(this.model, event)) return this.#reload();
    if (event.type === "run_started") this.#memory.set(this.model.cursor);
    const { tail } = this.model;
    this.#setModel(applyEvent(this.model, event, id));
    // the loaded history is out of date if there are events after it
    if (isTerminal(event) && tail) this.#syncHistory();
  }

  /** The server closes the stream with an error event. */
  #onStreamError({ code }) {
    if (code === "deleted") this.#setModel(deleted(this.model));
    if (code === "trimmed") this.#reload();
  }

  /** Starts over with the history. The current messages stay visible until it has been read. */
  #reload() {
    this.#stale = true;
    this.#invalidate();
    this.#memory.set(undefined);
    this.#stream?.abort();
  }

  /** Reads the history, which is authoritative once a run has ended. */
  #syncHistory() {
    this.#load().catch(() => this.#invalidate()); // the next update retries
  }

  /**
   * After a reconnect, a run without events may have been interrupted by a crash, or another one may have
   * started in the meantime. Checks this once per stream, after the first pause.
   */
  #scheduleIdleCheck() {
    clearTimeout(this.#idleTimer);
    if (this.#checked === this.#stream) return;
    this.#idleTimer = setTimeout(() => {
      this.#checked = this.#stream;
      const { running, position } = this.model.live;
      if (running || position.at === "unfinished") this.#syncHistory();
    }, IDLE_CHECK);
  }

  /** Handles a failed update; returns the delay before the next one. */
  #onFailure(error) {
    this.#invalidate();
    if (error instanceof Problem) {
      if (error.status === 410 || error.code === "invalid_cursor") this.#reload();
      if (error.status < 500 && error.status !== 410 && error.status !== 404) {
        this.#setConnection({ status: "rejected", error });
        return this.#retryDelay(this.#backoff.next());
      }
    }
    if (this.model.status !== "deleted") this.#setConnection({ status: "lost" });
    return this.#retryDelay(this.#backoff.next());
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

  #setModel(model) {
    if (this.#closed.signal.aborted || model === this.model) return;
    this.model = model;
    const { running } = model.live;
    if (this.#wasRunning && !running) this.#tabs.ended(this.id);
    this.#wasRunning = running;
    this.#notify(this);
  }

  #setConnection(connection) {
    if (this.#closed.signal.aborted) return;
    this.connection = connection;
    this.#notify(this);
  }
}
