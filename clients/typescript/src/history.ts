import type { ChatMessage } from "./types.ts";

/** Consecutive messages of a chat, as of a commit. */
export interface Page {
  /** Index of the first message in the chat. */
  readonly first: number;
  readonly messages: readonly ChatMessage[];
}

export const EMPTY_PAGE: Page = { first: 0, messages: [] };

/** Returns the newest page with the older messages already loaded; without them if the two pages disagree. */
export function mergePages(known: Page, page: Page): Page {
  const { first, messages } = page;
  const before = first - known.first;
  if (before <= 0 || known.messages.length < before) return page;
  const overlap = known.messages.slice(before, before + messages.length);
  if (!overlap.every((message, index) => same(message, messages[index]))) return page;
  return { first: known.first, messages: [...known.messages.slice(0, before), ...messages] };
}

/** Returns whether a page directly precedes another. */
export function precedes(page: Page, known: Page): boolean {
  return page.first + page.messages.length === known.first;
}

/** Returns whether two messages are the same, one of which may have more results of calls. */
function same(one: ChatMessage, other: ChatMessage | undefined): boolean {
  const ids = ({ calls = [] }: ChatMessage) => JSON.stringify(calls.map(({ id }) => id));
  return one.role === other?.role && one.text === other.text && ids(one) === ids(other);
}
