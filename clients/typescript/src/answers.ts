import { ChangeError } from "./errors.ts";
import type { ChatEvent } from "./events.ts";
import { grow } from "./grow.ts";
import type { ChatCall, ChatCallUpdate, ChatMessage, ChatValue, ChatValueUpdate } from "./types.ts";

/** Maximum number of pieces of progress that are kept of a call. */
const PROGRESS = 100;

/** A call, and whether the model wrote it in this step. */
interface Call {
  readonly call: ChatCall;
  readonly index?: number;
  readonly isWritten: boolean;
}

/** The answer of a step after one of its items. */
interface Piece {
  readonly before: Piece | undefined;
  readonly text: string;
  readonly value: ChatValue | undefined;
  readonly calls: readonly Call[];
}

interface Step {
  readonly step: number;
  readonly node: string;
  last: Piece | undefined;
}

/** The answers of the current run: a message for each step that has one. */
export class Answers {
  readonly #steps: Step[] = [];

  /** Applies the next event. Returns whether it changes anything. */
  apply(event: ChatEvent | { type: "of the future" }): boolean {
    switch (event.type) {
      case "item": {
        const { step, node, text, call, value } = event;
        let known = this.#find(step, node);
        if (known === undefined) this.#steps.push((known = { step, node, last: undefined }));
        const before = known.last;
        const calls = before?.calls ?? [];
        known.last = {
          before,
          text: (before?.text ?? "") + (text ?? ""),
          value: value === undefined ? before?.value : grown(before?.value, value),
          calls: call === undefined ? calls : updated(calls, call),
        };
        return true;
      }
      case "items_superseded": {
        const known = this.#find(event.step, event.node);
        for (let left = event.items; known?.last !== undefined && left > 0; left -= 1) known.last = known.last.before;
        return known !== undefined;
      }
      default:
        return false;
    }
  }

  /**
   * Returns messages followed by the answers. The progress and the result of a call are in the message in which the model
   * wrote the call, although a later step runs it.
   */
  after(settled: readonly ChatMessage[]): readonly ChatMessage[] {
    const messages = [...settled];
    let first = messages.length;
    while (first > 0 && messages[first - 1]!.role !== "user") first -= 1;
    for (const { last } of this.#steps) {
      if (last === undefined) continue;
      const own = last.calls.filter(({ call, isWritten }) => isWritten || !merge(messages, first, call));
      const message: ChatMessage = { role: "assistant", text: last.text };
      if (last.value !== undefined) message.value = last.value;
      if (own.length > 0) message.calls = own.map(({ call }) => call);
      if (message.text !== "" || message.value !== undefined || message.calls !== undefined) messages.push(message);
    }
    return messages;
  }

  #find(step: number, node: string): Step | undefined {
    return this.#steps.filter((known) => known.step === step && known.node === node).at(-1);
  }
}

/** Merges an update into the last message from `first` on that has its call; returns whether there is one. */
function merge(messages: ChatMessage[], first: number, update: ChatCall): boolean {
  for (let at = messages.length - 1; at >= first; at -= 1) {
    const { calls = [], ...message } = messages[at]!;
    if (!calls.some(({ id }) => id === update.id)) continue;
    messages[at] = { ...message, calls: calls.map((call) => (call.id === update.id ? { ...call, ...update } : call)) };
    return true;
  }
  return false;
}

/** Returns the value after a change; the known one if the change does not fit it. */
function grown(value: ChatValue | undefined, { name, change }: ChatValueUpdate): ChatValue | undefined {
  try {
    return { name, value: grow(value?.value, change) };
  } catch (error) {
    if (error instanceof ChangeError) return value;
    throw error;
  }
}

function updated(calls: readonly Call[], update: ChatCallUpdate): readonly Call[] {
  const put = (at: number, call: Call) => (at < 0 ? [...calls, call] : calls.map((known, index) => (index === at ? call : known)));
  if (update.type === "delta") {
    const at = calls.findIndex(({ call, index }) => call.id === undefined && index === update.index);
    const { name = "", text = "" } = calls[at]?.call ?? {};
    const call = { name: name + update.name, text: text + update.arguments };
    return put(at, { call, index: update.index, isWritten: true });
  }
  if (update.type === "changed") {
    const at = calls.findIndex(({ call, index }) => call.id === undefined && index === update.index);
    const value = grown({ name: "", value: calls[at]?.call.arguments }, { name: "", change: update.change })?.value;
    return put(at, { call: { name: update.name, arguments: value }, index: update.index, isWritten: true });
  }
  const { id } = update;
  const byId = calls.findIndex(({ call }) => call.id === id);
  const known = calls[byId] ?? { call: { id, name: "" }, isWritten: false };
  switch (update.type) {
    case "written": {
      const at = calls.findIndex(({ call }) => call.id === undefined);
      return put(at, { call: { id, name: update.name, arguments: update.arguments }, isWritten: true });
    }
    case "started":
      return put(byId, { ...known, call: { ...known.call, name: update.name, arguments: update.arguments } });
    case "progress": {
      const progress = [...(known.call.progress ?? []), update.progress].slice(-PROGRESS);
      return put(byId, { ...known, call: { ...known.call, progress } });
    }
    case "finished":
      return put(byId, { ...known, call: { ...known.call, result: update.result } });
    default:
      return calls;
  }
}
