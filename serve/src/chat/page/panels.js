// The panels next to the chat: in a sidebar in wide windows, in a dialog in narrow ones.

import { scrollable } from "./focus.js";

/** Shows `panel` in `aside` while the media query `wide` matches, and otherwise in `dialog`, opened by `button`. */
export function drawer({ panel, aside, dialog, button, wide }) {
  const query = matchMedia(wide);
  const place = () => {
    if (query.matches && dialog.open) dialog.close();
    (query.matches ? aside : dialog).append(panel);
    aside.hidden = !query.matches;
    button.hidden = query.matches;
  };
  scrollable(aside, panel);
  query.addEventListener("change", place);
  place();
  button.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", (event) => {
    // clicks outside of the panel target the dialog itself
    if (event.target === dialog || event.target.closest("a, .new")) dialog.close();
  });
}
