// Puts the parts of the page together.

import { api } from "./api.js";
import { Composer } from "./composer.js";
import { keeping } from "./focus.js";
import { drawer } from "./panels.js";
import { Path } from "./path.js";
import { Session } from "./session.js";
import { hashOf, list, Names, newId, readHash } from "./sessions.js";
import { shown } from "./store.js";
import { View } from "./view.js";

const TOKEN = "burdock.token";

/** How many chats the list shows. */
const RECENT = 40;

const parts = Object.fromEntries([...document.querySelectorAll("[id]")].map((part) => [part.id, part]));
const names = new Names(localStorage);
const server = api(token());
const view = new View(parts, (kind) => attempt(() => session.goOn(kind)));
const composer = new Composer(parts, {
  send: async (prompt) => {
    view.stick();
    await session.send(prompt);
  },
  stop: () => session.stop(),
});
const path = new Path({
  map: parts.map,
  trail: parts.trail,
  none: parts["trail-none"],
  where: parts.where,
  open: parts["open-path"],
});
let session = null;
let drawing = 0;
let was = {};

/** Takes the token out of the address, where it would be seen and copied. */
function token() {
  const { id, token } = readHash(location.hash);
  if (token !== null) {
    sessionStorage.setItem(TOKEN, token);
    history.replaceState(null, "", id ? hashOf(id) : "#");
  }
  return sessionStorage.getItem(TOKEN);
}

function go() {
  const { id } = readHash(location.hash);
  if (!id) return location.replace(hashOf(newId()));
  if (session?.id === id) return;
  session?.close();
  view.clear();
  was = {};
  session = new Session(id, server, changed, memory(id));
  composer.open(id);
  changed(session);
  session.start();
  recent();
  if (matchMedia("(pointer: fine)").matches) parts.prompt.focus();
}

/** What a session keeps over a reload of this tab. */
function memory(id) {
  const key = `burdock.run.${id}`;
  return {
    get: () => sessionStorage.getItem(key) ?? undefined,
    set: (cursor) => (cursor === undefined ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, cursor)),
  };
}

/** Draws at most once per frame, however fast the words come. */
function changed(of) {
  if (of !== session || drawing) return;
  // a window that nobody sees has no frames
  const soon = document.hidden ? (draw) => setTimeout(draw, 100) : requestAnimationFrame;
  drawing = soon(() => {
    drawing = 0;
    draw(session);
  });
}

function draw({ id, model, line }) {
  const messages = shown(model);
  keeping(() => {
    view.show(model);
    path.show(model);
    composer.show(model);
  }, [parts.prompt, parts["notice-do"], parts.scroll]);
  status(line);
  const prompt = messages.findLast(({ role }) => role === "user")?.text;
  if (model.live.running) composer.arrived(prompt);
  const learned = names.learn(id, messages);
  const began = model.live.running !== was.running;
  if (learned || began) recent();
  if (model.title && !was.title) titled(model.title);
  parts.title.textContent = names.of(id) ?? "New chat";
  document.title = [names.of(id), parts.brand.textContent].filter(Boolean).join(" · ");
  was = { running: model.live.running, title: model.title || was.title };
}

function status({ is, why }) {
  const { line } = parts;
  const said = { lost: "Reconnecting…", refused: refusal(why) }[is] ?? "";
  if (line.textContent !== said) line.textContent = said;
  document.documentElement.dataset.line = is;
}

function refusal(why) {
  if (!why) return "";
  if (why.status === 401) return "This server wants a token: open the link that has it.";
  return `The server refuses: ${why.message}`;
}

function titled(name) {
  for (const part of [parts.brand, parts["welcome-title"]]) part.textContent = name;
}

async function attempt(act) {
  try {
    composer.refuse("");
    await act();
    view.stick();
  } catch (error) {
    composer.refuse(error.status ? error.message : "The server cannot be reached.");
  }
}

async function recent() {
  try {
    const { chats } = await server.chats(RECENT);
    list(parts.recent, chats, { current: session.id, names });
  } catch {
    // the list is a convenience; the session itself says what is wrong
  }
}

async function graph() {
  try {
    const graph = await server.graph();
    if (!was.title) titled(graph.name);
    parts["welcome-docs"].textContent = graph.docs.split("\n\n")[0];
    path.draw(graph);
    if (session) path.show(session.model);
  } catch {
    setTimeout(graph, 3000);
  }
}

drawer({
  panel: parts["chats-panel"],
  aside: parts.chats,
  dialog: parts["chats-dialog"],
  button: parts["open-chats"],
  wide: "(min-width: 78rem)",
});
drawer({
  panel: parts["path-panel"],
  aside: parts.path,
  dialog: parts["path-dialog"],
  button: parts["open-path"],
  wide: "(min-width: 58rem)",
});
parts.new.addEventListener("click", () => (location.hash = hashOf(newId())));
parts["open-chats"].addEventListener("click", recent);
parts.skip.addEventListener("click", (event) => {
  event.preventDefault();
  parts.prompt.focus();
});
addEventListener("hashchange", go);
addEventListener("online", () => session?.hurry());
document.addEventListener("visibilitychange", () => session?.look(!document.hidden));
go();
graph();
