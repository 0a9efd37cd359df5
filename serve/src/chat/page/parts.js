// The parts of an answer beside its text: calls of tools, and values that grow. Models are immutable: all functions return
// new objects.
//
// A call is `{ id, name, text, arguments, status, progress, result, written }`: `text` is the text of the arguments while
// the model writes them, and `written` is whether the model wrote the call in this step. The status is "writing",
// "called", "running", "succeeded", "failed" or "interrupted". A value is `{ name, value }`.

import { grow } from "./grow.js";

export const NO_PARTS = Object.freeze({ calls: Object.freeze([]), values: Object.freeze([]) });

/** Maximum number of pieces of progress that are kept of a call. */
const PROGRESS = 100;

/** Whether a call has no result yet. */
export const isPending = ({ status }) => status === "writing" || status === "called" || status === "running";

/** Returns the calls of a message of the history. */
export function callsOf({ calls = [] }) {
  if (calls.length === 0) return NO_PARTS.calls;
  return calls.map(({ result, ...call }) => ({ ...call, ...outcome(result), progress: [], written: true }));
}

const outcome = (result) => ({ status: result?.status ?? "called", result: result?.text });

/** Returns the changes of an answer after an item: a linked list, last one first. */
export function withChange(changes, { call, value }) {
  return call || value ? { before: changes, call, value, parts: null } : changes;
}

/**
 * Returns the parts of an answer after changes. They are computed when they are shown, and only for the last change: a
 * version of a list for each change would take memory in proportion to the square of its length.
 */
export function partsOf(changes) {
  if (!changes) return NO_PARTS;
  const pending = [];
  let known = changes;
  for (; known && !known.parts; known = known.before) pending.push(known);
  let { calls, values } = known?.parts ?? NO_PARTS;
  if (pending.length === 0) return known.parts;
  const owned = new Set(); // objects of this computation, which may be modified
  for (const { call, value } of pending.reverse()) {
    if (call) calls = withCall(calls, call, owned);
    if (value) values = withValue(values, value, owned);
  }
  if (known) known.parts = null;
  changes.parts = { calls, values };
  return changes.parts;
}

function withValue(values, { name, change }, owned) {
  const at = values.findIndex((known) => known.name === name);
  const next = { name, value: grow(values[at]?.value, change, owned) };
  return at < 0 ? [...values, next] : values.with(at, next);
}

function withCall(calls, update, owned) {
  const put = (at, call) => (at < 0 ? [...calls, call] : calls.with(at, call));
  const byId = calls.findLastIndex(({ id }) => id !== undefined && id === update.id);
  const known = calls[byId] ?? { id: update.id, status: "running", progress: [], written: false };
  const { id, name, arguments: input } = update;
  const writing = calls.findIndex(({ index, status }) => status === "writing" && index === update.index);
  const started = { index: update.index, status: "writing", progress: [], written: true };
  switch (update.type) {
    case "delta": {
      const { name: before = "", text = "" } = calls[writing] ?? {};
      return put(writing, { ...started, name: before + (name ?? ""), text: text + (input ?? "") });
    }
    case "changed":
      return put(writing, { ...started, name, arguments: grow(calls[writing]?.arguments, update.change, owned) });
    case "written": {
      const at = calls.findIndex(({ status }) => status === "writing");
      return put(at, { id, name, arguments: input, status: "called", progress: [], written: true });
    }
    case "started":
      return put(byId, { ...known, name, arguments: input, status: "running" });
    case "progress":
      return put(byId, { ...known, progress: [...known.progress, update.progress].slice(-PROGRESS) });
    case "finished":
      return put(byId, { ...known, ...outcome(update.result) });
    default:
      return calls;
  }
}

/**
 * Shows the progress and the results of calls where the model wrote them, although a later step or a later run runs them,
 * and removes messages that have nothing else. A call without a result is interrupted if its run is over.
 */
export function withCalls(messages, live) {
  if (!messages.some(({ calls }) => calls?.length > 0)) return messages;
  const lastPrompt = messages.findLastIndex(({ role }) => role === "user");
  const owners = new Map(); // the place of a call that has no result yet, by its id
  const shown = messages.map(() => []); // lists of a call and the updates to it
  messages.forEach(({ calls = [] }, index) => {
    for (const call of calls) {
      const owner = call.written ? undefined : owners.get(call.id);
      if (owner && isSameCall(owner[0], call)) {
        owner.push(call);
        if (!isPending(call)) owners.delete(call.id);
      } else {
        const updates = [call];
        shown[index].push(updates);
        if (isPending(call)) owners.set(call.id, updates);
        else owners.delete(call.id);
      }
    }
  });
  const isOver = (index, updates) => {
    if (live.running) return index <= lastPrompt && updates.length === 1;
    return index <= lastPrompt || live.position.at !== "rest";
  };
  const all = messages.map((message, index) => {
    const calls = shown[index].filter(([{ status }]) => status !== "writing" || !message.committed);
    return withShown(message, calls.map((updates) => merged(updates, isOver(index, updates))));
  });
  return all.filter((message, index) => message === messages[index] || !isEmpty(message));
}

/** Whether an update belongs to a call. Some providers repeat ids in later turns. */
const isSameCall = (call, update) =>
  update.arguments === undefined ||
  (call.name === update.name && JSON.stringify(call.arguments) === JSON.stringify(update.arguments));

const isEmpty = ({ pieces, text, calls, values = [], dropped }) =>
  (pieces ? pieces.length : text.length) === 0 && calls.length === 0 && values.length === 0 && dropped === "";

const MERGED = new WeakMap();

/** Returns a call with updates; the same object for the same ones. */
function merged(updates, isOver) {
  const [call] = updates;
  const settles = isOver && updates.every(isPending);
  if (updates.length === 1 && !settles && call.name !== undefined) return call;
  const known = MERGED.get(call);
  if (known?.settles === settles && known.last === updates.at(-1) && known.count === updates.length) return known.call;
  const next = Object.assign({ name: "" }, ...updates, { written: true }, settles && { status: "interrupted" });
  MERGED.set(call, { settles, last: updates.at(-1), count: updates.length, call: next });
  return next;
}

const SHOWN = new WeakMap();

/** Returns a message with other calls; the same object for the same ones. */
function withShown(message, calls) {
  const isSame = (others) => calls.length === others.length && calls.every((call, index) => call === others[index]);
  if (isSame(message.calls ?? [])) return message;
  const known = SHOWN.get(message);
  if (known && isSame(known.calls)) return known;
  const derived = Object.defineProperties({}, Object.getOwnPropertyDescriptors(message));
  derived.calls = calls;
  SHOWN.set(message, derived);
  return derived;
}
