import type { Entry } from "./follow.ts";
import { Grown, type Change, type Growth } from "./grow.ts";
import { ItemValues } from "./item-values.ts";

/** Returns the change of an item: the item itself or a part of it; undefined if it has none. */
export type PickChange<Item, T> = (item: Item) => Change<T> | undefined;

/** A value built by the changes among the current items. */
export class GrowingValue<Item, T> {
  readonly grown = new Grown<T>();
  readonly #values: ItemValues<Change<T> | undefined>;

  constructor(pick: PickChange<Item, T>) {
    // the number of superseded items includes those without a change
    this.#values = new ItemValues((event: { item: Item }) => pick(event.item));
  }

  /** Applies the next event. Returns whether the value changed. */
  apply(entry: Entry<{ type: string }>): boolean {
    const change = this.#values.apply(entry);
    if (change === undefined) return false;
    if ("added" in change) {
      if (change.added !== undefined) this.grown.apply(change.added);
      return change.added !== undefined;
    }
    if (change.removed.every((change) => change === undefined)) return false;
    this.grown.reset();
    for (const change of this.#values.current()) if (change !== undefined) this.grown.apply(change);
    return true;
  }
}

/** Yields the value built by the items among the events. */
export async function* growths<Item, T>(
  entries: AsyncIterable<Entry<{ type: string }>>,
  pick: PickChange<Item, T>,
): AsyncGenerator<Growth<T>, void, undefined> {
  const growing = new GrowingValue<Item, T>(pick);
  for await (const entry of entries) if (growing.apply(entry)) yield growing.grown;
}
