import type { Cursor } from "./events.ts";

/** Returns the offset of a cursor in its session; -1 if there is no cursor. */
export function offset(cursor: Cursor | undefined): number {
  return cursor === undefined ? -1 : Number(cursor.slice(cursor.indexOf(".") + 1));
}
