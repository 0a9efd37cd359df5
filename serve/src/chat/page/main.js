// Puts the parts of the page together.

import { api } from "./api.js";
import { Composer, forgetDraft } from "./composer.js";
import { Deletion } from "./deletion.js";
import { keeping } from "./focus.js";
import { soon } from "./painter.js";
import { drawer } from "./panels.js";
import { Path } from "./path.js";
import { Session } from "./session.js";
import { hashOf, keep, list, memory, nameOf, Names, newId, readHash, sequence } from "./sessions.js";
import { shown } from "./store.js";
import { Tabs } from "./tabs.js";
import { View } from "./view.js";

const TOKEN = "burdock.token";

/** How many chats the list shows, and how many more each time. */
const RECENT = 40;

const parts = Object.fromEntries([...document.querySelectorAll("[id]")].map((part) => [part.id, part]));
const names = new Names(localStorage);
const server = api(token());
const tabs = new Tabs({ changed: (id) => heard(id), ended: (id) => ended(id) });
const view = new View(parts, (what) => (what === "older" ? older() : attempt(() => session.goOn(what))));
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
const nextChat = () => parts.recent.querySelector("a") ?? parts.new;
const deletion = new Deletion(parts, remove, nextChat);
const titles = new Map(); // what the server calls the chats of the list
const asked = sequence(); // requests for the list
let session = null;
let listed = null; // the list that was asked for last
let drawing = false;
let wanted = RECENT;
let was = {};

/** Takes the token out of the address, where it would be seen and copied. */
function token() {
  const { id, token } = readHash(location.hash);
  if (token === null) return sessionStorage.getItem(TOKEN);
  keep(TOKEN, token);
  history.replaceState(null, "", id ? hashOf(id) : "#");
  return token;
}

function go() {
  const { id } = readHash(location.hash);
  if (!id) return location.replace(hashOf(newId()));
  if (session?.id === id) return;
  session?.close();
  view.clear();
  was = {};
  session = new Session(id, server, changed, memory(id), tabs);
  session.look(!document.hidden);
  composer.open(id);
  changed(session);
  session.start();
  recent();
  if (matchMedia("(pointer: fine)").matches) parts.prompt.focus();
}

/** Draws at most once per frame, however fast the words come. */
function changed(of) {
  if (of !== session || drawing) return;
  drawing = true;
  soon(() => {
    drawing = false;
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
  const isPrompt = ({ role }) => role === "user";
  if (model.live.running) composer.arrived(messages.findLast(isPrompt)?.text);
  const learned = model.base.first === 0 && names.learn(id, messages.find(isPrompt)?.text);
  const began = model.live.running !== was.running;
  if (learned || began) recent();
  if (model.title && !was.title) titled(model.title);
  named(id);
  was = { running: model.live.running, title: model.title || was.title };
}

function named(id) {
  const name = names.of(id) ?? titles.get(id);
  parts.title.textContent = name ?? "New chat";
  document.title = [name, parts.brand.textContent].filter(Boolean).join(" · ");
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

async function older() {
  try {
    await session.older();
  } catch {
    composer.refuse("The older messages cannot be loaded: the server cannot be reached.");
  }
}

/** Draws the list as it is now, or as a later call finds it. */
function recent() {
  return (listed = drawList(asked()));
}

async function drawList(isLatest) {
  try {
    const { chats, next } = await recentChats();
    if (!isLatest()) return listed; // an older answer may have a chat that is deleted
    for (const { session, title } of chats) if (title) titles.set(session, title);
    list(parts.recent, chats, {
      current: session.id,
      names,
      remove: (chat, button) => deletion.ask(chat, nameOf(chat, names), button),
      next: nextChat,
    });
    parts.more.hidden = !next;
    named(session.id);
  } catch {
    // the list is a convenience; the session itself says what is wrong
  }
}

/** As many chats as are wanted, by as many requests as it takes. */
async function recentChats() {
  const all = [];
  let next;
  do {
    const page = await server.chats(RECENT, next);
    all.push(...page.chats);
    next = page.next;
  } while (next && all.length < wanted);
  return { chats: all, next };
}

/** Deletes a chat, and leaves it if it is the one that is shown. */
async function remove({ session: id }) {
  if (id === session.id) await session.remove();
  else {
    await server.remove(id);
    tabs.changed(id);
  }
  names.forget(id);
  titles.delete(id);
  forgetDraft(id);
  if (id === session.id) location.hash = hashOf(newId());
  await recent();
}

/** Another tab has changed a chat. */
function heard(id) {
  if (id === session?.id) session.refresh();
  else recent();
}

/** Another tab has seen the end of a run. Of its own chat, a tab sees it itself. */
function ended(id) {
  if (id !== session?.id) recent();
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

function suspend() {
  session?.suspend();
  tabs.close();
}

function resume() {
  tabs.open();
  session?.resume();
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
parts.more.addEventListener("click", () => {
  wanted += RECENT;
  recent();
});
parts.skip.addEventListener("click", (event) => {
  event.preventDefault();
  parts.prompt.focus();
});
addEventListener("hashchange", go);
addEventListener("online", () => session?.hurry());
document.addEventListener("visibilitychange", () => session?.look(!document.hidden));
// a page that the browser puts aside must not keep others waiting; nor could it be put into its cache
addEventListener("pagehide", suspend);
document.addEventListener("freeze", suspend);
addEventListener("pageshow", resume);
document.addEventListener("resume", resume);
go();
graph();
