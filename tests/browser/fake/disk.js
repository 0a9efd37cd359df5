// The storage of fake servers, which survives them: sessions as lists of log entries.

export class Disk {
  sessions = new Map();

  get(id) {
    return this.sessions.get(id);
  }

  open(id) {
    let session = this.sessions.get(id);
    if (!session) {
      session = new Stored(id);
      this.sessions.set(id, session);
    }
    session.epoch += 1;
    return session;
  }
}

class Stored {
  entries = [];
  epoch = 0;
  waiting = new Set();

  constructor(id) {
    this.id = id;
    this.created = this.updated = Date.now();
  }

  append(type, fields = {}) {
    const entry = { epoch: this.epoch, offset: this.entries.length, at: Date.now(), type, ...fields };
    this.entries.push(entry);
    this.updated = entry.at;
    this.wake();
    return entry;
  }

  wake() {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  /** Discards everything after an offset, like a crash with batch durability. */
  lose(after) {
    this.entries.length = after + 1;
    this.epoch += 1;
    this.wake();
  }

  cursor(entry) {
    return entry ? `${entry.epoch}.${entry.offset}` : "0.0";
  }

  get committed() {
    return this.entries.findLast((entry) => entry.type === "step_committed" || entry.type === "session_created");
  }

  /** The last entry that changed the committed state or the position. */
  get moved() {
    return this.entries.findLast(({ type }) => /^(step_committed|session_created|session_reopened)$/.test(type));
  }

  /** The cursor before the last run. */
  get beforeRun() {
    const started = this.entries.findLast((entry) => entry.type === "run_started");
    return started && this.cursor(this.entries[started.offset - 1]);
  }

  get history() {
    return this.committed?.history ?? [];
  }

  /** Steps committed so far. */
  get step() {
    return this.entries.filter((entry) => entry.type === "step_committed").length;
  }

  get runs() {
    return this.entries.filter((entry) => entry.type === "run_started").length;
  }

  get prompt() {
    return this.entries.findLast((entry) => entry.type === "run_started")?.prompt;
  }

  /** Items of the current step that are not superseded. */
  get uncommitted() {
    let items = [];
    for (const entry of this.entries) {
      if (entry.type === "item") items.push(entry);
      if (entry.type === "step_committed" || entry.type === "items_superseded") items = [];
    }
    return items;
  }

  get position() {
    for (const { type, next, node } of this.entries.toReversed()) {
      if (type === "run_started" || type === "run_resumed") return { at: "unfinished", node };
      if (type === "step_committed") {
        if (next === "end") return { at: "ended" };
        return next.pause ? { at: "rest", node: next.pause } : { at: "unfinished", node: next.node };
      }
      if (type === "session_reopened") return { at: "rest", node };
    }
    return { at: "rest", node: "prompt" };
  }
}
