import type { ChatMessage } from "./types.ts";

/** Messages of a chat that follow each other, as of a commit. */
export interface Page {
  /** The index of the first one in the chat. */
  readonly first: number;
  readonly messages: readonly ChatMessage[];
}

export const NOTHING: Page = { first: 0, messages: [] };

/** The newest page of a chat, with the older messages that are known, as long as the two agree. */
export function merged(known: Page, page: Page): Page {
  const { first, messages } = page;
  const before = first - known.first;
  if (before <= 0 || known.messages.length < before) return page;
  const both = known.messages.slice(before, before + messages.length);
  if (!both.every((message, index) => same(message, messages[index]))) return page;
  return { first: known.first, messages: [...known.messages.slice(0, before), ...messages] };
}

/** Whether a page is the one just before another. */
export function leadsTo(page: Page, known: Page): boolean {
  return page.first + page.messages.length === known.first;
}

function same(one: ChatMessage, other: ChatMessage | undefined): boolean {
  return one.role === other?.role && one.text === other.text;
}
