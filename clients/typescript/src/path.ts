/** One step of a path: a key of an object, or an index of a list. */
export type Segment = string | number;

/** Formats a path, for example `chapters[0].title`. */
export function placeOf(path: readonly Segment[]): string {
  if (path.length === 0) return "the root";
  const step = (segment: Segment) => (typeof segment === "number" ? `[${segment}]` : `.${segment}`);
  return `\`${path.map(step).join("").replace(/^\./, "")}\``;
}
