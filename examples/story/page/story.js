// A form that fills itself: each event of the session is applied to one value, and the value is shown.
// What was missed while the page was closed comes first, so that a reload shows the same value.

const parts = Object.fromEntries([...document.querySelectorAll("[id]")].map((part) => [part.id, part]));
let events = null;
let shown = nothing();
let drawing = false;

/** What the page knows of a session before its first event. */
function nothing() {
  return { story: undefined, at: undefined, subject: "", status: "", running: false };
}

/** Applies a change to a value; returns the value. The TypeScript client has the same function. */
export function grow(root, { path, ...edit }) {
  const whole = { root };
  const [last, ...before] = ["root", ...path].reverse();
  const holder = before.reverse().reduce((value, segment) => value[segment], whole);
  if ("set" in edit) holder[last] = edit.set;
  if ("append" in edit) holder[last] += edit.append;
  if ("push" in edit) holder[last].push(edit.push);
  return whole.root;
}

/** What an event changes. */
const EFFECTS = {
  run_started: ({ inputs }) => ({ ...nothing(), subject: inputs.subject, status: "Writing …", running: true }),
  run_resumed: () => ({ status: "Writing …", running: true }),
  item: ({ item }) => ({ story: grow(shown.story, item), at: item.path }),
  items_superseded: () => ({ story: undefined, at: undefined }),
  rewound: () => nothing(),
  attempt_failed: ({ error }) => ({ status: `Trying again: ${error}` }),
  run_paused: () => ({ status: "Complete.", running: false, at: undefined }),
  run_stopped: () => stopped(),
  run_cancelled: () => stopped(),
  run_failed: ({ error }) => ({ status: `Failed: ${error}`, running: false }),
};

function stopped() {
  return { status: "Stopped. This is a part of a story.", running: false };
}

/** Follows a session from its first event; the browser reconnects by itself. */
function follow(id) {
  events?.close();
  shown = nothing();
  changed();
  if (!id) return;
  events = new EventSource(`sessions/${encodeURIComponent(id)}/events`);
  events.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    Object.assign(shown, EFFECTS[event.type]?.(event));
    changed();
  };
}

/** Draws at most once per frame. */
function changed() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw(shown);
  });
}

function draw({ story, at, subject, status, running }) {
  const { title, chapters = [], mood, rating } = story ?? {};
  const growing = running ? at : undefined;
  if (subject && document.activeElement !== parts.subject) parts.subject.value = subject;
  parts.status.textContent = status;
  parts.write.hidden = running;
  parts.stop.hidden = !running;
  parts.story.hidden = story === undefined;
  parts.story.setAttribute("aria-busy", running);
  fill(parts.title, title, growing?.[0] === "title");
  fill(parts.mood, mood);
  fill(parts.rating, rating && "★".repeat(rating) + "☆".repeat(Math.max(0, 5 - rating)));
  parts.rating.setAttribute("aria-label", rating ? `${rating} of 5` : "");
  while (parts.parts.children.length > chapters.length) parts.parts.lastChild.remove();
  chapters.forEach(({ heading, text }, index) => {
    const item = parts.parts.children[index] ?? parts.parts.appendChild(chapter());
    const [, of, field] = growing?.[0] === "chapters" ? growing : [];
    fill(item.children[0], heading, of === index && field === "heading");
    fill(item.children[1], text, of === index && field === "text");
  });
}

function chapter() {
  const item = document.createElement("li");
  item.append(document.createElement("strong"), document.createElement("p"));
  return item;
}

function fill(element, value, growing = false) {
  const text = value ?? "";
  if (element.textContent !== text) element.textContent = text;
  element.classList.toggle("empty", text === "");
  element.classList.toggle("growing", growing);
}

async function post(path, body = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return;
  const problem = await response.json().catch(() => ({ detail: response.statusText }));
  throw new Error(problem.detail);
}

async function attempt(act) {
  try {
    await act();
  } catch (error) {
    Object.assign(shown, { status: `Not done: ${error.message}` });
    changed();
  }
}

const session = () => decodeURIComponent(location.hash.slice(1));

parts.order.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const id = session() || crypto.randomUUID();
    const order = { subject: parts.subject.value, chapters: Number(parts.chapters.value) };
    await post(`sessions/${encodeURIComponent(id)}/runs?stream=false&if_unfinished=restart`, order);
    if (session() === id) return;
    location.hash = encodeURIComponent(id);
  });
});
parts.stop.addEventListener("click", () => attempt(() => post(`sessions/${encodeURIComponent(session())}/stop`)));
addEventListener("hashchange", () => follow(session()));
follow(session());
