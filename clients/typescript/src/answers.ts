import { ChangeError } from "./errors.ts";
import type { ChatEvent } from "./events.ts";
import { Grown, type Change } from "./grow.ts";
import type { ChatCall, ChatCallUpdate, ChatMessage, ChatValue, ChatValueUpdate } from "./types.ts";

/** Maximum number of pieces of progress that are kept of a call. */
const PROGRESS = 100;

/** The parts of an event with an item. */
interface Item {
  readonly text: string;
  readonly call?: ChatCallUpdate | undefined;
  readonly value?: ChatValueUpdate | undefined;
}

/** A call, and whether the model wrote it in this step. */
interface Call {
  call: Partial<ChatCall>;
  /** Its number in the step, until the call is complete. */
  readonly index?: number;
  readonly grown?: Grown;
  readonly isWritten: boolean;
}

/** The answer of a step. */
class Answer {
  isCommitted = false;
  #items: Item[] = [];
  #text = "";
  #values = new Map<string, Grown>();
  #calls: Call[] = [];

  readonly step: number;
  readonly node: string;

  constructor(step: number, node: string) {
    this.step = step;
    this.node = node;
  }

  push(item: Item): void {
    this.#items.push(item);
    const { text, call, value } = item;
    this.#text += text;
    if (value !== undefined) {
      const grown = this.#values.get(value.name) ?? new Grown();
      this.#values.set(value.name, grown);
      grow(grown, value.change);
    }
    if (call !== undefined) this.#update(call);
  }

  /** Removes the last items. */
  pop(count: number): void {
    const kept = this.#items.slice(0, Math.max(0, this.#items.length - count));
    this.#items = [];
    this.#text = "";
    this.#values = new Map();
    this.#calls = [];
    for (const item of kept) this.push(item);
  }

  get text(): string {
    return this.#text;
  }

  get values(): ChatValue[] {
    return [...this.#values].map(([name, { value }]) => ({ name, value }));
  }

  /** Returns the calls. One that was cut is gone when the step is committed. */
  get calls(): Call[] {
    const calls = this.isCommitted ? this.#calls.filter(({ call }) => call.id !== undefined) : this.#calls;
    return calls.map((known) => (known.grown ? { ...known, call: { ...known.call, arguments: known.grown.value } } : known));
  }

  #update(update: ChatCallUpdate): void {
    switch (update.type) {
      case "delta": {
        const known = this.#writing(update.index, update.name);
        known.call = { ...known.call, text: (known.call.text ?? "") + update.arguments };
        break;
      }
      case "changed": {
        const known = this.#writing(update.index, update.name, new Grown());
        if (known.grown) grow(known.grown, update.change);
        break;
      }
      case "written": {
        const { id, name, arguments: input } = update;
        const at = this.#calls.findIndex(({ call }) => call.id === undefined);
        this.#calls.splice(at < 0 ? this.#calls.length : at, 1, {
          call: { id, name, arguments: input, status: "called" },
          isWritten: true,
        });
        break;
      }
      case "started": {
        const { id, name, arguments: input } = update;
        this.#merge(id, { name, arguments: input, status: "running" });
        break;
      }
      case "progress": {
        const progress = [...(this.#find(update.id)?.call.progress ?? []), update.progress].slice(-PROGRESS);
        this.#merge(update.id, { progress });
        break;
      }
      case "finished":
        this.#merge(update.id, { status: update.result.status, result: update.result });
        break;
    }
  }

  /** Returns the call that the model writes, which is created by its first update. */
  #writing(index: number, name: string, grown?: Grown): Call {
    let known = this.#calls.find((call) => call.call.id === undefined && call.index === index);
    if (known === undefined) {
      known = { call: { name, status: "writing" }, index, isWritten: true, ...(grown && { grown }) };
      this.#calls.push(known);
    }
    return known;
  }

  #find(id: string): Call | undefined {
    return this.#calls.filter(({ call }) => call.id === id).at(-1);
  }

  #merge(id: string, update: Partial<ChatCall>): void {
    let known = this.#find(id);
    if (known === undefined) {
      known = { call: { id, status: "running" }, isWritten: false };
      this.#calls.push(known);
    }
    known.call = { ...known.call, ...update };
  }
}

/** The answers of the current run: a message for each step that has one. */
export class Answers {
  readonly #answers: Answer[] = [];

  /** Applies the next event. Returns whether it changes anything. */
  apply(event: ChatEvent): boolean {
    switch (event.type) {
      case "item": {
        const { step, node, text = "", call, value } = event;
        let known = this.#find(step, node);
        if (known === undefined) this.#answers.push((known = new Answer(step, node)));
        known.push({ text, call, value });
        return true;
      }
      case "items_superseded": {
        const known = this.#find(event.step, event.node);
        known?.pop(event.items);
        return known !== undefined;
      }
      case "step_committed": {
        const known = this.#find(event.step, event.node);
        if (known !== undefined) known.isCommitted = true;
        return known !== undefined;
      }
      default:
        return false;
    }
  }

  /**
   * Returns messages followed by the answers. The progress and the result of a call are in the message in which the model
   * wrote the call, although a later step or a later run runs it.
   */
  after(settled: readonly ChatMessage[]): readonly ChatMessage[] {
    return messagesOf(settled, this.#answers);
  }

  /** Returns messages followed by the answers that were committed, which a later run keeps. */
  committedAfter(settled: readonly ChatMessage[]): readonly ChatMessage[] {
    return messagesOf(settled, this.#answers.filter(({ isCommitted }) => isCommitted));
  }

  #find(step: number, node: string): Answer | undefined {
    return this.#answers.filter((known) => known.step === step && known.node === node && !known.isCommitted).at(-1);
  }
}

function messagesOf(settled: readonly ChatMessage[], answers: readonly Answer[]): readonly ChatMessage[] {
  const messages = [...settled];
  for (const { text, values, calls } of answers) {
    const own = calls.filter(({ call, isWritten }) => isWritten || !merge(messages, call));
    const message: ChatMessage = { role: "assistant", text };
    if (values.length > 0) message.values = values;
    if (own.length > 0) message.calls = own.map(({ call }) => ({ name: "", ...call }));
    if (text !== "" || values.length > 0 || own.length > 0) messages.push(message);
  }
  return messages;
}

/** Merges an update into the last message that has its call without a result; returns whether there is one. */
function merge(messages: ChatMessage[], update: Partial<ChatCall>): boolean {
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const { calls = [], ...message } = messages[at]!;
    if (!calls.some((call) => isSameCall(call, update))) continue;
    messages[at] = { ...message, calls: calls.map((call) => (isSameCall(call, update) ? { ...call, ...update } : call)) };
    return true;
  }
  return false;
}

/** Whether an update belongs to a call. Some providers repeat ids in later turns. */
function isSameCall(call: ChatCall, update: Partial<ChatCall>): boolean {
  if (call.id !== update.id || call.result !== undefined) return false;
  if (update.arguments === undefined) return true;
  return call.name === update.name && JSON.stringify(call.arguments) === JSON.stringify(update.arguments);
}

/** Applies a change; one that does not fit the value is ignored. */
function grow(grown: Grown, change: Change): void {
  try {
    grown.apply(change);
  } catch (error) {
    if (!(error instanceof ChangeError) && !(error instanceof TypeError)) throw error;
  }
}
