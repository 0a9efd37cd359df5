import type { Cursor } from "./events.ts";

/** The place of a cursor in its session; -1 before the first entry. */
export function offset(cursor: Cursor | undefined): number {
  return cursor === undefined ? -1 : Number(cursor.slice(cursor.indexOf(".") + 1));
}
