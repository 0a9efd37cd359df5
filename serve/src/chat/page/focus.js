// Keyboard focus.

/** Calls `change`. If this hides or disables the focused element, focuses the first available one of `others`. */
export function keepFocus(change, others) {
  const focused = document.activeElement;
  // focusing the prompt after a tap would open the on-screen keyboard
  const byKeyboard = focused?.matches(":focus-visible");
  change();
  if (byKeyboard && !isAvailable(focused)) others.find(isAvailable)?.focus();
}

const isAvailable = (element) => element.isConnected && !element.disabled && !element.closest("[hidden]");

/** Makes `scroller` focusable while `content` overflows it, so that the keyboard can scroll it. */
export function scrollable(scroller, content) {
  const update = () => (scroller.tabIndex = scroller.scrollHeight > scroller.clientHeight ? 0 : -1);
  const observer = new ResizeObserver(update);
  observer.observe(scroller);
  observer.observe(content);
}
