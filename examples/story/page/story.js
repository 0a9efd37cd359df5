// A form that fills while the story arrives: each event of the session is applied to a value, and the form shows
// the value. The page follows the session from its first event, so that a reload shows the same value.

const parts = Object.fromEntries([...document.querySelectorAll("[id]")].map((part) => [part.id, part]));
let events = null;
let state = initial();
let scheduled = false;

/** Returns the state before the first event. */
function initial() {
  return { story: undefined, at: undefined, subject: "", status: "", running: false };
}

/** Applies a change to a value and returns the value, like `grow` of the TypeScript client. */
export function grow(root, { path, ...edit }) {
  const whole = { root };
  const [last, ...before] = ["root", ...path].reverse();
  const holder = before.reverse().reduce((value, segment) => value[segment], whole);
  if ("set" in edit) holder[last] = edit.set;
  if ("append" in edit) holder[last] += edit.append;
  if ("push" in edit) holder[last].push(edit.push);
  return whole.root;
}

/** Returns the changes of the state for each type of event. */
const EFFECTS = {
  run_started: ({ inputs }) => ({ ...initial(), subject: inputs.subject, status: "Writing …", running: true }),
  run_resumed: () => ({ status: "Writing …", running: true }),
  item: ({ item }) => ({ story: grow(state.story, item), at: item.path }),
  items_superseded: () => ({ story: undefined, at: undefined }),
  rewound: () => initial(),
  attempt_failed: ({ error }) => ({ status: `Retrying after an error: ${error}` }),
  run_paused: () => ({ status: "Complete.", running: false, at: undefined }),
  run_stopped: () => stopped(),
  run_cancelled: () => stopped(),
  run_failed: ({ error }) => ({ status: `Failed: ${error}`, running: false }),
};

function stopped() {
  return { status: "Stopped. The story is incomplete.", running: false };
}

/** Follows a session from its first event. The browser reconnects automatically. */
function follow(id) {
  events?.close();
  state = initial();
  scheduleDraw();
  if (!id) return;
  events = new EventSource(`sessions/${encodeURIComponent(id)}/events`);
  events.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    Object.assign(state, EFFECTS[event.type]?.(event));
    scheduleDraw();
  };
}

/** Draws at most once per frame. */
function scheduleDraw() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    draw(state);
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

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    Object.assign(state, { status: `Request failed: ${error.message}` });
    scheduleDraw();
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
