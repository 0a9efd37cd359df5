import type { Entry } from "./follow.ts";
import { Values } from "./shown.ts";

/**
 * What a text is now, and how it came to be: the last `retracted` characters of the text before were
 * taken back, and `delta` was appended. Who shows `text` is always right; who appends `delta`s has to
 * look at `retracted`, which is 0 but after an attempt that failed or a crash of the server.
 */
export interface TextChange {
  text: string;
  delta: string;
  retracted: number;
}

/** What the items are now. `items` is one list that goes on changing: copy it to keep it. */
export type ItemsChange<T> =
  | { items: readonly T[]; item: T; retracted: 0 }
  | { items: readonly T[]; item?: undefined; retracted: number };

/** The text of an item; undefined for an item without. */
export type Pick<Item> = (item: Item) => string | undefined;

/** Texts are items that are strings, and the `text` of those that are objects with one. */
export function textOf(item: unknown): string | undefined {
  if (typeof item === "string") return item;
  if (typeof item !== "object" || item === null || !("text" in item)) return undefined;
  return typeof item.text === "string" ? item.text : undefined;
}

/** A text, made of events as they come. */
export class Text<Item = unknown> {
  text = "";
  readonly #values: Values<string>;

  constructor(pick: Pick<Item> = textOf) {
    // what is superseded counts all items, those without text too
    this.#values = new Values((event: { item: Item; text?: string }) => {
      return event.text ?? pick(event.item) ?? "";
    });
  }

  /** Takes the next event; undefined when it changes nothing. */
  take(entry: Entry<{ type: string }>): TextChange | undefined {
    const change = this.#values.take(entry);
    if (change === undefined) return undefined;
    const delta = "added" in change ? change.added : "";
    const dropped = "dropped" in change ? change.dropped : [];
    const retracted = dropped.reduce((sum, value) => sum + value.length, 0);
    if (delta === "" && retracted === 0) return undefined;
    this.text = this.text.slice(0, this.text.length - retracted) + delta;
    return { text: this.text, delta, retracted };
  }
}

/** Makes a text of events. */
export async function* texts<Item>(
  entries: AsyncIterable<Entry<{ type: string }>>,
  pick?: Pick<Item>,
): AsyncGenerator<TextChange, void, undefined> {
  const text = new Text(pick);
  for await (const entry of entries) {
    const change = text.take(entry);
    if (change !== undefined) yield change;
  }
}

/** Makes a list of events. */
export async function* items<T>(
  entries: AsyncIterable<Entry<{ type: string }>>,
): AsyncGenerator<ItemsChange<T>, void, undefined> {
  const values = new Values((event: { item: T }) => event.item);
  const items: T[] = [];
  for await (const entry of entries) {
    const change = values.take(entry);
    if (change === undefined) continue;
    if ("added" in change) {
      items.push(change.added);
      yield { items, item: change.added, retracted: 0 };
    } else {
      items.length -= change.dropped.length;
      yield { items, retracted: change.dropped.length };
    }
  }
}
