import { offset } from "./cursor.ts";
import type { Entry } from "./follow.ts";

/** What every text and list of items is made of. */
type Showing =
  | { type: "item"; step: number; node: string }
  | { type: "items_superseded"; step: number; node: string; items: number }
  | { type: "rewound"; to?: string };

interface Shown<T> {
  offset: number;
  step: number;
  node: string;
  value: T;
}

/** What an event changed: one value more, or some fewer, the last of which is the first here. */
export type ShownChange<T> = { added: T } | { dropped: T[] };

/** The values of the items that count: those that were not superseded, nor lost in a crash. */
export class Values<T> {
  readonly #shown: Shown<T>[] = [];
  readonly #pick: (event: never) => T;

  constructor(pick: (event: never) => T) {
    this.#pick = pick;
  }

  /** Takes the next event; undefined when it changes nothing. */
  take({ event, cursor }: Entry<{ type: string }>): ShownChange<T> | undefined {
    const showing = event as Showing;
    switch (showing.type) {
      case "item": {
        const value = this.#pick(showing as never);
        const { step, node } = showing;
        this.#shown.push({ offset: offset(cursor), step, node, value });
        return { added: value };
      }
      case "items_superseded": {
        let left = showing.items;
        const { step, node } = showing;
        return this.#drop((last) => last.step === step && last.node === node && left-- > 0);
      }
      case "rewound": {
        const to = offset(showing.to);
        return this.#drop((last) => last.offset > to);
      }
      default:
        return undefined;
    }
  }

  /** Returns the values that count, in order. */
  *kept(): Iterable<T> {
    for (const { value } of this.#shown) yield value;
  }

  #drop(goes: (last: Shown<T>) => boolean): ShownChange<T> | undefined {
    const dropped: T[] = [];
    for (let last = this.#shown.at(-1); last !== undefined && goes(last); last = this.#shown.at(-1)) {
      dropped.push(last.value);
      this.#shown.pop();
    }
    return dropped.length > 0 ? { dropped } : undefined;
  }
}
