import type { Entry } from "./follow.ts";
import { Grown, type Change, type Growth } from "./grow.ts";
import { Values } from "./shown.ts";

/** Returns the change that an item is or has; undefined if it has none. */
export type PickChange<Item, T> = (item: Item) => Change<T> | undefined;

/** A value that grows by the items of events that are not superseded. */
export class Growing<Item, T> {
  readonly grown = new Grown<T>();
  readonly #values: Values<Change<T> | undefined>;

  constructor(pick: PickChange<Item, T>) {
    // the number of superseded items includes those without a change
    this.#values = new Values((event: { item: Item }) => pick(event.item));
  }

  /** Takes the next event. Returns whether the value changed. */
  take(entry: Entry<{ type: string }>): boolean {
    const shown = this.#values.take(entry);
    if (shown === undefined) return false;
    if ("added" in shown) {
      if (shown.added !== undefined) this.grown.apply(shown.added);
      return shown.added !== undefined;
    }
    if (shown.dropped.every((change) => change === undefined)) return false;
    this.grown.reset();
    for (const change of this.#values.kept()) if (change !== undefined) this.grown.apply(change);
    return true;
  }
}

/** Grows a value by events. */
export async function* growths<Item, T>(
  entries: AsyncIterable<Entry<{ type: string }>>,
  pick: PickChange<Item, T>,
): AsyncGenerator<Growth<T>, void, undefined> {
  const growing = new Growing<Item, T>(pick);
  for await (const entry of entries) if (growing.take(entry)) yield growing.grown;
}
