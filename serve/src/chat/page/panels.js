// The panels beside the chat: there where the window is wide, in a dialog where it is not.

import { scrollable } from "./focus.js";

/** Keeps `panel` in `aside` while `wide` matches, and otherwise in `dialog`, which `button` opens. */
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
    // beside the panel is the dialog itself
    if (event.target === dialog || event.target.closest("a, .new")) dialog.close();
  });
}
