import type { Entry } from "./follow.ts";
import { ItemValues } from "./item-values.ts";

/**
 * A change of a text: the last `retracted` characters of the previous text were removed, then `delta` was
 * appended; `text` is the result. Callers that append `delta`s have to handle `retracted`, which is not 0
 * after a failed attempt or a server crash.
 */
export interface TextChange {
  text: string;
  delta: string;
  retracted: number;
}

/**
 * A change of the current items: `item` was appended, or the last `retracted` items were removed. `items`
 * is the same list each time and keeps changing: copy it to keep it.
 */
export type ItemsChange<T> =
  | { items: readonly T[]; item: T; retracted: 0 }
  | { items: readonly T[]; item?: undefined; retracted: number };

/** Returns the text of an item; undefined if it has none. */
export type PickText<Item> = (item: Item) => string | undefined;

/** Returns the item if it is a string, or its `text` if it is an object with one. */
export function textOf(item: unknown): string | undefined {
  if (typeof item === "string") return item;
  if (typeof item !== "object" || item === null || !("text" in item)) return undefined;
  return typeof item.text === "string" ? item.text : undefined;
}

/** The text of the current items, updated event by event. */
export class Text<Item = unknown> {
  text = "";
  readonly #values: ItemValues<string>;

  constructor(pick: PickText<Item> = textOf) {
    // the number of superseded items includes those without text
    this.#values = new ItemValues((event: { item: Item; text?: string }) => {
      return event.text ?? pick(event.item) ?? "";
    });
  }

  /** Applies the next event. Returns undefined if it changes nothing. */
  apply(entry: Entry<{ type: string }>): TextChange | undefined {
    const change = this.#values.apply(entry);
    if (change === undefined) return undefined;
    const delta = "added" in change ? change.added : "";
    const removed = "removed" in change ? change.removed : [];
    const retracted = removed.reduce((sum, value) => sum + value.length, 0);
    if (delta === "" && retracted === 0) return undefined;
    this.text = this.text.slice(0, this.text.length - retracted) + delta;
    return { text: this.text, delta, retracted };
  }
}

/** Yields the text of the items among the events. */
export async function* texts<Item>(
  entries: AsyncIterable<Entry<{ type: string }>>,
  pick?: PickText<Item>,
): AsyncGenerator<TextChange, void, undefined> {
  const text = new Text(pick);
  for await (const entry of entries) {
    const change = text.apply(entry);
    if (change !== undefined) yield change;
  }
}

/** Yields the items among the events. */
export async function* items<T>(
  entries: AsyncIterable<Entry<{ type: string }>>,
): AsyncGenerator<ItemsChange<T>, void, undefined> {
  const values = new ItemValues((event: { item: T }) => event.item);
  const items: T[] = [];
  for await (const entry of entries) {
    const change = values.apply(entry);
    if (change === undefined) continue;
    if ("added" in change) {
      items.push(change.added);
      yield { items, item: change.added, retracted: 0 };
    } else {
      items.length -= change.removed.length;
      yield { items, retracted: change.removed.length };
    }
  }
}
