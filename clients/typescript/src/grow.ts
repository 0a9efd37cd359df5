import { ChangeError } from "./errors.ts";
import { placeOf, type Segment } from "./path.ts";

declare const GROWS: unique symbol;

/**
 * A change of a value that is still arriving. `T` is the type of the partial value, for example
 * `StoryPartial`. The first change of a value sets its root: the empty path.
 */
export type Change<T = unknown> = {
  /** Position of the value that changes, from the root. */
  readonly path: readonly Segment[];
  /** Never present: carries the type. */
  readonly [GROWS]?: T;
} & (
  | { readonly set: unknown }
  | { readonly append: string }
  | { readonly push: unknown }
  | { readonly complete: true }
);

/** Type of the partial value that items of type `Item` build; items that are not changes are ignored. */
export type GrownBy<Item> = unknown extends Item ? unknown : Item extends Change<infer T> ? T : never;

/** A value that is still arriving. */
export interface Growth<T> {
  /**
   * The value so far; undefined if nothing has arrived. It is never modified: each change creates a new
   * object, which shares its unchanged parts with this one.
   */
  readonly value: T | undefined;
  /** Whether the value is complete. */
  readonly complete: boolean;
}

/**
 * Applies changes to a value.
 *
 * The cost of a change is proportional to the depth of its path. Reading `value` makes the next change
 * copy the objects and lists on its path once, so that the value already read is not modified.
 */
export class Grown<T = unknown> implements Growth<T> {
  #value: unknown;
  #complete = false;
  #owned: Owned = new Set();

  get value(): T | undefined {
    if (this.#owned.size > 0) this.#owned = new Set();
    return this.#value as T | undefined;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** Applies a change. Throws `ChangeError` if it does not fit, and leaves the value unchanged. */
  apply(change: Change<T>): void {
    this.#value = applied(this.#value, change, this.#owned);
    if (change.path.length > 0) return;
    if ("complete" in change) this.#complete = true;
    else if ("set" in change) this.#complete = false;
  }

  /** Discards the value. The next change has to set the root. */
  reset(): void {
    this.#value = undefined;
    this.#complete = false;
    this.#owned = new Set();
  }
}

/**
 * Returns the value with a change applied, as a reducer; `value` is undefined before the first change. The
 * old value is not modified, and shares its unchanged parts with the new one.
 *
 * Throws `ChangeError` if the change does not fit.
 */
export function grow<T>(value: T | undefined, change: Change<T>): T | undefined {
  return applied(value, change, new Set()) as T | undefined;
}

/** Returns the item if it is a change. */
export function changeOf<Item>(item: Item): Change<GrownBy<Item>> | undefined {
  if (typeof item !== "object" || item === null || !("path" in item)) return undefined;
  return Array.isArray(item.path) ? (item as unknown as Change<GrownBy<Item>>) : undefined;
}

type Container = Record<string, unknown> | unknown[];

/** Objects and lists that no caller has seen, so that they may be modified in place. */
type Owned = Set<object>;

function applied(root: unknown, change: Change, owned: Owned): unknown {
  const { path } = change;
  const edit = nameOf(change);
  const containers = walked(root, change, edit === "set" ? path.length - 1 : path.length);
  const leaf = edited(containers, change, owned);
  // all containers around an owned container are owned, up to the root
  let child = leaf;
  for (let at = path.length - 1; at >= 0; at -= 1) {
    const container = containers[at] as Container;
    if (owned.has(container)) {
      put(container, path[at]!, child);
      return root;
    }
    const copied = copy(container, owned);
    put(copied, path[at]!, child);
    child = copied;
  }
  return child;
}

/** Names of the edits, also used in errors. */
const EDITS = ["set", "append", "push", "complete"] as const;

function nameOf(change: Change): (typeof EDITS)[number] {
  if (!Array.isArray(change.path)) throw new ChangeError([], "invalid change: expected a `path`");
  const edits = EDITS.filter((edit) => Object.hasOwn(change, edit));
  if (edits.length === 1) return edits[0]!;
  throw new ChangeError(
    change.path,
    "invalid change: expected exactly one of `set`, `append`, `push` and `complete`",
  );
}

/** Returns the values along the first `steps` segments of the path, from the root. */
function walked(root: unknown, change: Change, steps: number): unknown[] {
  const values = [root];
  for (let at = 0; at < steps; at += 1) {
    const value = values[at];
    const segment = change.path[at]!;
    if (!holds(value, segment)) {
      throw new ChangeError(change.path, `there is no value at ${placeOf(change.path.slice(0, at + 1))}`);
    }
    values.push(value[segment as never]);
  }
  return values;
}

/** Returns the value at the end of the path, after the change. */
function edited(values: unknown[], change: Change, owned: Owned): unknown {
  const { path } = change;
  const value = values[path.length];
  const expected = (what: string, found = value) =>
    new ChangeError(path, `expected ${what}, found ${kindOf(found)}`);
  if ("append" in change) {
    if (typeof change.append !== "string") throw expected("text to append", change.append);
    if (typeof value !== "string") throw expected("a string");
    return value + change.append;
  }
  if ("push" in change) {
    if (!Array.isArray(value)) throw expected("a list");
    const list = owned.has(value) ? value : copy(value, owned);
    list.push(change.push);
    return list;
  }
  if ("complete" in change) {
    if (change.complete !== true) throw expected("`complete` to be `true`", change.complete);
    if (path.length === 0 && value !== undefined) return value;
    if (!isObject(value) || !Object.hasOwn(value, "state")) throw expected("an object with a `state`");
    return { ...value, state: "complete" };
  }
  const last = path.at(-1);
  if (last === undefined) return change.set;
  const container = values[path.length - 1];
  if (typeof last === "string" && !isObject(container)) throw expected("an object around it", container);
  if (typeof last !== "string" && !Array.isArray(container)) throw expected("a list around it", container);
  if (Array.isArray(container) && !holds(container, last)) {
    throw new ChangeError(path, `there is no value at ${placeOf(path)}`);
  }
  return change.set;
}

function holds(value: unknown, segment: Segment): value is Container {
  if (typeof segment === "string") return isObject(value) && Object.hasOwn(value, segment);
  return Array.isArray(value) && Number.isInteger(segment) && segment >= 0 && segment < value.length;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function copy<C extends Container>(container: C, owned: Owned): C {
  const copied = (Array.isArray(container) ? container.slice() : { ...container }) as C;
  owned.add(copied);
  return copied;
}

/** Sets a property or an element, never the prototype. */
function put(container: Container, segment: Segment, value: unknown): void {
  if (segment === "__proto__") {
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(container, segment, property);
  } else (container as Record<Segment, unknown>)[segment] = value;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
