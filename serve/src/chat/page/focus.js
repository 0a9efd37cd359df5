// Where the keyboard goes on.

/** Does `change`; if it hides or shuts what the keyboard is on, the first of `others` that is there has it. */
export function keeping(change, others) {
  const held = document.activeElement;
  // a finger that is lifted holds nothing, and a phone would open its keyboard
  const keyboard = held?.matches(":focus-visible");
  change();
  if (keyboard && !isThere(held)) others.find(isThere)?.focus();
}

const isThere = (element) => element.isConnected && !element.disabled && !element.closest("[hidden]");

/** Lets the keyboard scroll `scroller` while `content` does not fit. */
export function scrollable(scroller, content) {
  const look = () => (scroller.tabIndex = scroller.scrollHeight > scroller.clientHeight ? 0 : -1);
  const observer = new ResizeObserver(look);
  observer.observe(scroller);
  observer.observe(content);
}
