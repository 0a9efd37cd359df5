import { offset } from "./cursor.ts";
import type { Entry } from "./follow.ts";

/** Events that change the current items. */
type ItemsEvent =
  | { type: "item"; step: number; node: string }
  | { type: "items_superseded"; step: number; node: string; items: number }
  | { type: "rewound"; to?: string };

interface ItemValue<T> {
  offset: number;
  step: number;
  node: string;
  value: T;
}

/** A change of the values: one was appended, or the last ones were removed, listed last first. */
export type ItemValuesChange<T> = { added: T } | { removed: T[] };

/** Values of the current items: those neither superseded nor lost in a server crash. */
export class ItemValues<T> {
  readonly #values: ItemValue<T>[] = [];
  readonly #pick: (event: never) => T;

  constructor(pick: (event: never) => T) {
    this.#pick = pick;
  }

  /** Applies the next event. Returns undefined if it changes nothing. */
  apply({ event, cursor }: Entry<{ type: string }>): ItemValuesChange<T> | undefined {
    const itemsEvent = event as ItemsEvent;
    switch (itemsEvent.type) {
      case "item": {
        const value = this.#pick(itemsEvent as never);
        const { step, node } = itemsEvent;
        this.#values.push({ offset: offset(cursor), step, node, value });
        return { added: value };
      }
      case "items_superseded": {
        let remaining = itemsEvent.items;
        const { step, node } = itemsEvent;
        return this.#removeLast((last) => last.step === step && last.node === node && remaining-- > 0);
      }
      case "rewound": {
        const to = offset(itemsEvent.to);
        return this.#removeLast((last) => last.offset > to);
      }
      default:
        return undefined;
    }
  }

  /** Returns the current values, in order. */
  *current(): Iterable<T> {
    for (const { value } of this.#values) yield value;
  }

  #removeLast(matches: (last: ItemValue<T>) => boolean): ItemValuesChange<T> | undefined {
    const removed: T[] = [];
    for (let last = this.#values.at(-1); last !== undefined && matches(last); last = this.#values.at(-1)) {
      removed.push(last.value);
      this.#values.pop();
    }
    return removed.length > 0 ? { removed } : undefined;
  }
}
