// Words: names for people, and the direction of a text.

/** Number of characters searched for the direction of a text. */
export const DIRECTION = 1_000;

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Returns a name of the program with spaces. */
export const readable = (name) => name.replaceAll("_", " ");

/** Returns the direction of the first letter of a text. With `dir="auto"`, the browser would scan the whole text after each change. */
export function direction(text) {
  const letter = LETTER.exec(text.slice(0, DIRECTION))?.[0];
  if (letter === undefined) return "";
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}
