// The client-side model of a session: pure functions from server responses to an immutable model.
//
// A model consists of the history as of some commit (`base`) and the events after it (`tail`). The page
// shows the history and what the tail adds to it (`live`), so that a page that has been open all along and
// one opened a moment ago show the same messages.
//
// Of a long history the model has the newest messages: `base.first` is the index of the first one, and
// `prependOlder` adds those before it.

import { callsOf, partsOf, withCalls, withChange } from "./parts.js";

/** The terminal events, and the position of the session after each. */
const TERMINAL = {
  run_paused: "rest",
  run_ended: "ended",
  run_failed: "unfinished",
  run_halted: "unfinished",
  run_stopped: "unfinished",
  run_cancelled: "unfinished",
};

export const isTerminal = (event) => Object.hasOwn(TERMINAL, event.type);

export const isStart = (event) => event.type === "run_started" || event.type === "run_resumed";

/** The model before the first response. */
export const initial = Object.freeze({
  status: "loading", // or "absent", "present", "deleted"
  title: "",
  note: "", // a line about the session
  base: Object.freeze({ first: 0, messages: [], cursor: "", offset: -1, running: false, position: {} }),
  tail: null, // a linked list `{ before, place, event }`, latest first
  cursor: "", // the cursor to continue from
  place: -1, // the offset of the last event; half an entry more if the event has no offset
  started: -1, // the place where the last run was started or resumed
  trail: [], // the steps of the last run
  live: liveAt({ running: false, position: {} }),
});

/** The session does not exist yet. */
export const absent = (model) => ({ ...initial, status: "absent", title: model.title });

/** The session was deleted while it was shown. */
export const deleted = (model) => ({ ...initial, status: "deleted", title: model.title });

/** Returns the offset of a cursor `epoch.offset`; -1 for the start of the session. */
export function offsetOf(cursor) {
  const found = /^\d+\.(\d+)$/.exec(cursor ?? "");
  return found ? Number(found[1]) : -1;
}

/**
 * Applies a history, the response to `GET …/chat`.
 *
 * `requested` is the model at the time of the request: if a run had started by then and the server has no
 * run in progress, the run ended without a terminal event because its process died.
 */
export function applyHistory(model, chat, requested = model) {
  const offset = offsetOf(chat.cursor);
  const { cursor, running, position = {} } = chat;
  // the history is older than the known one: discard the whole model
  const lost = model.status !== "present" || offset < model.base.offset;
  const base = { ...mergePages(lost ? null : model.base, chat), cursor, offset, running, position };
  // follow from the start of the last run, for its path; for a new session, from its start
  const run = model.status === "absent" ? "" : (offsetOf(chat.run) < offset ? (chat.run ?? cursor) : cursor);
  let next = lost ? { ...initial, cursor: run, place: offsetOf(run) } : model;
  next = { ...next, status: "present", title: chat.title ?? model.title, note: chat.note ?? "", base };
  next = replay(next, eventsOf(next.tail).filter((entry) => entry.place > offset));
  const dead = !running && next.live.running && next.started <= requested.place;
  return dead ? interrupt(next, position) : next;
}

/** Adds an older page of the history if it directly precedes the loaded messages. */
export function prependOlder(model, { first, messages }) {
  const { base } = model;
  if (model.status !== "present" || first + messages.length !== base.first) return model;
  return { ...model, base: { ...base, first, messages: [...messages, ...base.messages] } };
}

/** Returns the newest page with the older messages already loaded; without them if the two disagree. */
function mergePages(base, { first = 0, messages }) {
  const fresh = { first, messages };
  if (!base || base.first > first || base.first + base.messages.length < first) return fresh;
  const loaded = base.messages.slice(first - base.first);
  const merged = messages.map((message, index) => (same(loaded[index], message) ? loaded[index] : message));
  const agree = loaded.slice(0, messages.length).every((message, index) => isSameMessage(message, messages[index]));
  if (!agree) return fresh;
  return { first: base.first, messages: [...base.messages.slice(0, first - base.first), ...merged] };
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Whether a message is an earlier state of another one: results of calls may have been added. */
const isSameMessage = (one, other) => one.role === other.role && one.text === other.text && ids(one) === ids(other);

const ids = ({ calls = [] }) => JSON.stringify(calls.map(({ id }) => id));

/** Applies an event of the stream with the `id:` of its block. */
export function applyEvent(model, event, id) {
  if (event.type === "rewound") return rewind(model, event.to ?? "");
  const offset = id === undefined ? -1 : offsetOf(id);
  if (offset >= 0 && offset <= Math.floor(model.place)) return model; // a duplicate
  const place = offset >= 0 ? offset : Math.floor(model.place) + 0.5;
  const next = {
    ...model,
    cursor: id || model.cursor,
    place,
    started: isStart(event) ? place : model.started,
    trail: updateTrail(model.trail, event, place),
  };
  // the history may be ahead of the stream, and then includes the event
  if (place <= model.base.offset) return next;
  return { ...next, tail: { before: model.tail, place, event }, live: updateLive(model.live, event) };
}

/** Whether an event rewinds the session to before the history, so that the history has to be read again. */
export const invalidatesHistory = (model, event) =>
  event.type === "rewound" && offsetOf(event.to) < model.base.offset;

/**
 * Returns the messages to show, `{ role, text, values, calls, live, dropped }`, with the `pieces` of an answer in
 * progress, last one first. A message that did not change stays the same object.
 */
export function messagesOf({ base, live }) {
  const messages = live.messages.filter((message) => message.role === "user" || message.items || message.dropped);
  const last = messages.at(-1);
  const isLive = (message) => message === last && message.role === "assistant" && live.running && !message.committed;
  const all = base.messages.map(historyMessage).concat(messages.map((message) => liveMessage(message, isLive(message))));
  return withCalls(all, live);
}

const FROM_HISTORY = new WeakMap();
const FROM_EVENTS = new WeakMap();

function historyMessage(message) {
  if (!FROM_HISTORY.has(message)) {
    const { role, text, values = [] } = message;
    FROM_HISTORY.set(message, { role, text, values, calls: callsOf(message), live: false, dropped: "" });
  }
  return FROM_HISTORY.get(message);
}

function liveMessage(source, live) {
  const known = FROM_EVENTS.get(source);
  if (known?.live === live) return known;
  const { role, items: pieces, dropped = "", committed = false } = source;
  const text = role === "user" ? () => source.text : () => textOf(pieces);
  const { values, calls } = partsOf(pieces?.changes);
  const message = { role, values, calls, live, committed, dropped, pieces, get text() { return text(); } };
  FROM_EVENTS.set(source, message);
  return message;
}

/** Returns the steps of the last run. A step without a terminal event is unfinished if no run is in progress. */
export const steps = ({ trail, live }) =>
  trail.map((step) => (step.status === "running" && !live.running ? { ...step, status: "unfinished" } : step));

/** Returns the notice to show while no run is in progress: `{ kind, error }`; null if there is none. */
export function noticeOf({ status, live }) {
  if (status === "deleted") return { kind: "deleted" };
  if (status !== "present" || live.running) return null;
  if (live.position.at === "ended") return { kind: "ended" };
  if (live.position.at !== "unfinished") return live.failure && { kind: "failed", ...live.failure };
  if (live.endedBy === "run_failed") return { kind: "failed", ...live.failure, unfinished: true };
  if (live.endedBy === "run_stopped" || live.endedBy === "run_halted") return { kind: "stopped", unfinished: true };
  return { kind: "interrupted", unfinished: true };
}

// --- the tail

function eventsOf(tail) {
  const events = [];
  for (let entry = tail; entry; entry = entry.before) events.push(entry);
  return events.reverse();
}

function replay(model, events) {
  let tail = null;
  let live = liveAt(model.base);
  for (const { place, event } of events) {
    tail = { before: tail, place, event };
    live = updateLive(live, event);
  }
  return { ...model, tail, live };
}

function rewind(model, to) {
  const offset = offsetOf(to);
  const kept = eventsOf(model.tail).filter((entry) => entry.place <= offset);
  const start = kept.findLast((entry) => isStart(entry.event));
  const trail = model.trail
    .filter((step) => step.place <= offset)
    .map((step) => (step.end > offset ? { ...step, status: "running", until: undefined } : step));
  const next = { ...model, cursor: to, place: offset, started: start?.place ?? -1, trail };
  return replay(next, kept);
}

function interrupt(model, position) {
  return { ...model, live: { ...model.live, running: false, position, endedBy: null, retry: null } };
}

// --- the state after the events of the tail

function liveAt({ running, position }) {
  return { running, position, node: position.node, endedBy: null, failure: null, retry: null, messages: [] };
}

function updateLive(live, event) {
  switch (event.type) {
    case "run_started": {
      // the uncommitted answer of an earlier run is gone
      const messages = live.messages.filter((message) => message.role === "user" || message.committed);
      if (event.prompt !== undefined) messages.push({ role: "user", text: event.prompt });
      return { ...started(live, event), messages };
    }
    case "run_resumed":
      return started(live, event);
    case "session_reopened":
      return { ...live, endedBy: null, failure: null, position: { at: "rest", node: event.node } };
    case "step_started":
      return { ...live, node: event.node, failure: null, retry: null };
    case "item":
      return { ...live, node: event.node, retry: null, messages: withItem(live.messages, event) };
    case "items_superseded":
      return { ...live, messages: withoutSuperseded(live.messages, event) };
    case "attempt_failed":
      return { ...live, retry: { error: event.error, retryIn: event.retry_in, at: event.at } };
    case "step_failed":
      return { ...live, retry: null, failure: { error: event.error, node: event.node } };
    case "step_committed":
      return { ...live, retry: null, messages: withCommit(live.messages, event) };
    default:
      return isTerminal(event) ? ended(live, event) : live;
  }
}

function started(live, { node }) {
  const position = { at: "unfinished", node };
  return { ...live, running: true, position, node, endedBy: null, failure: null, retry: null };
}

function ended(live, event) {
  const position = { at: TERMINAL[event.type], node: event.node };
  const failed = event.type === "run_failed";
  const failure = failed ? { error: event.error, node: event.node } : live.failure;
  return { ...live, running: false, position, node: event.node, endedBy: event.type, failure, retry: null };
}

// --- answers: a linked list of pieces, each with the length of the text and the other changes up to it; appending is O(1)

const NO_PIECE = { length: 0, changes: null };

/** Returns the text of pieces after a known one. The pieces are joined on demand, not while an answer grows. */
export function textOf(pieces, until = null) {
  const texts = [];
  for (let piece = pieces; piece && piece !== until; piece = piece.before) texts.push(piece.text);
  return texts.reverse().join("");
}

const isAnswerOf = ({ step, node }) => (message) =>
  message.role === "assistant" && message.step === step && message.node === node && !message.committed;

function withItem(messages, event) {
  const at = messages.findLastIndex(isAnswerOf(event));
  const message = messages[at] ?? { role: "assistant", step: event.step, node: event.node, items: null };
  const text = event.text ?? "";
  const { length, changes } = message.items ?? NO_PIECE;
  const items = { before: message.items, text, length: length + text.length, changes: withChange(changes, event) };
  const next = { ...message, items, dropped: "" };
  return at < 0 ? [...messages, next] : messages.with(at, next);
}

function withoutSuperseded(messages, event) {
  const at = messages.findLastIndex(isAnswerOf(event));
  if (at < 0) return messages;
  let { items } = messages[at];
  for (let left = event.items; left > 0 && items; left -= 1) items = items.before;
  const dropped = textOf(messages[at].items, items);
  return messages.with(at, { ...messages[at], items, dropped });
}

function withCommit(messages, event) {
  const at = messages.findLastIndex(isAnswerOf(event));
  return at < 0 ? messages : messages.with(at, { ...messages[at], committed: true, dropped: "" });
}

// --- the trail: a list of `{ step, node, status, since, until, place, end }`

function updateTrail(trail, event, place) {
  const last = trail.at(-1);
  const now = event.at;
  const close = (status) =>
    last?.status === "running" ? trail.with(-1, { ...last, status, until: now, end: place }) : trail;
  switch (event.type) {
    case "run_started":
      return [];
    case "step_started":
      return [...close("unfinished"), { step: event.step, node: event.node, status: "running", since: now, place }];
    case "item":
      // a reader that joined in the middle of a step has not received its start
      if (last?.step === event.step && last.node === event.node) return trail;
      return [...trail, { step: event.step, node: event.node, status: "running", since: now, place }];
    case "step_committed":
      return close("committed");
    case "step_failed":
      return close("failed");
    default:
      return isTerminal(event) ? close("unfinished") : trail;
  }
}
