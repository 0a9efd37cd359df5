// Entry point of the page.

import { api } from "./api.js";
import { Composer, forgetDraft } from "./composer.js";
import { Deletion } from "./deletion.js";
import { keepFocus } from "./focus.js";
import { onNextFrame } from "./painter.js";
import { drawer } from "./panels.js";
import { Path } from "./path.js";
import { Session } from "./session.js";
import { hashOf, keep, memory, nameOf, Names, newId, readHash, sequence, showList } from "./sessions.js";
import { messagesOf } from "./store.js";
import { Tabs } from "./tabs.js";
import { View } from "./view.js";

const TOKEN = "burdock.token";

/** Number of chats in the list, and number added by "Show more chats". */
const RECENT = 40;

const parts = Object.fromEntries([...document.querySelectorAll("[id]")].map((part) => [part.id, part]));
const names = new Names(localStorage);
const server = api(token());
const tabs = new Tabs({ changed: (id) => onChanged(id), ended: (id) => onEnded(id) });
const view = new View(parts, (kind) => (kind === "older" ? loadOlder() : attempt(() => session.continue(kind))));
const composer = new Composer(parts, {
  send: async (prompt) => {
    view.followEnd();
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
const titles = new Map(); // titles from the server, by session id
const listRequest = sequence();
let session = null;
let latestList = null; // promise of the latest request for the list
let scheduled = false;
let chatLimit = RECENT;
let previous = {};

/** Returns the token, and removes it from the address bar, where it would be visible and copied along. */
function token() {
  const { id, token } = readHash(location.hash);
  if (token === null) return sessionStorage.getItem(TOKEN);
  keep(TOKEN, token);
  history.replaceState(null, "", id ? hashOf(id) : "#");
  return token;
}

function openFromHash() {
  const { id } = readHash(location.hash);
  if (!id) return location.replace(hashOf(newId()));
  if (session?.id === id) return;
  session?.close();
  view.clear();
  previous = {};
  session = new Session(id, server, scheduleDraw, memory(id), tabs);
  session.setVisible(!document.hidden);
  composer.open(id);
  scheduleDraw(session);
  session.start();
  updateList();
  if (matchMedia("(pointer: fine)").matches) parts.prompt.focus();
}

/** Draws at most once per frame. */
function scheduleDraw(changed) {
  if (changed !== session || scheduled) return;
  scheduled = true;
  onNextFrame(() => {
    scheduled = false;
    draw(session);
  });
}

function draw({ id, model, connection }) {
  const messages = messagesOf(model);
  keepFocus(() => {
    view.show(model);
    path.show(model);
    composer.show(model);
  }, [parts.prompt, parts["notice-do"], parts.scroll]);
  showConnection(connection);
  const isPrompt = ({ role }) => role === "user";
  if (model.live.running) composer.confirmSent(messages.findLast(isPrompt)?.text);
  const renamed = model.base.first === 0 && names.learn(id, messages.find(isPrompt)?.text);
  const changed = model.live.running !== previous.running;
  if (renamed || changed) updateList();
  if (model.title && !previous.title) showGraphName(model.title);
  showChatName(id);
  previous = { running: model.live.running, title: model.title || previous.title };
}

function showChatName(id) {
  const name = names.of(id) ?? titles.get(id);
  parts.title.textContent = name ?? "New chat";
  document.title = [name, parts.brand.textContent].filter(Boolean).join(" · ");
}

function showConnection({ status, error }) {
  const { line } = parts;
  const text = { lost: "Reconnecting…", rejected: describe(error) }[status] ?? "";
  if (line.textContent !== text) line.textContent = text;
  document.documentElement.dataset.connection = status;
}

function describe(error) {
  if (!error) return "";
  if (error.status === 401) return "This server requires a token: open the link that contains it.";
  return `Request rejected: ${error.message}`;
}

function showGraphName(name) {
  for (const part of [parts.brand, parts["welcome-title"]]) part.textContent = name;
}

async function attempt(action) {
  try {
    composer.showError("");
    await action();
    view.followEnd();
  } catch (error) {
    composer.showError(error.status ? error.message : "The server cannot be reached.");
  }
}

async function loadOlder() {
  try {
    await session.loadOlder();
  } catch {
    composer.showError("Older messages could not be loaded: the server cannot be reached.");
  }
}

/** Reads the list of chats and draws it, unless a later call does. */
function updateList() {
  return (latestList = drawList(listRequest()));
}

async function drawList(isLatest) {
  try {
    const { chats, next } = await recentChats();
    if (!isLatest()) return latestList; // an older response may contain a deleted chat
    for (const { session, title } of chats) if (title) titles.set(session, title);
    showList(parts.recent, chats, {
      current: session.id,
      names,
      remove: (chat, button) => deletion.ask(chat, nameOf(chat, names), button),
      next: nextChat,
    });
    parts.more.hidden = !next;
    showChatName(session.id);
  } catch {
    // the list is optional; the session itself reports connection errors
  }
}

/** Reads up to `chatLimit` chats, page by page. */
async function recentChats() {
  const all = [];
  let next;
  do {
    const page = await server.chats(RECENT, next);
    all.push(...page.chats);
    next = page.next;
  } while (next && all.length < chatLimit);
  return { chats: all, next };
}

/** Deletes a chat, and opens a new one if it is the current one. */
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
  await updateList();
}

/** Another tab has changed a chat. */
function onChanged(id) {
  if (id === session?.id) session.refresh();
  else updateList();
}

/** Another tab has received the end of a run. The end of a run in the current chat is received directly. */
function onEnded(id) {
  if (id !== session?.id) updateList();
}

async function loadGraph() {
  try {
    const graph = await server.graph();
    if (!previous.title) showGraphName(graph.name);
    parts["welcome-docs"].textContent = graph.docs.split("\n\n")[0];
    path.draw(graph);
    if (session) path.show(session.model);
  } catch {
    setTimeout(loadGraph, 3000);
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
parts["open-chats"].addEventListener("click", updateList);
parts.more.addEventListener("click", () => {
  chatLimit += RECENT;
  updateList();
});
parts.skip.addEventListener("click", (event) => {
  event.preventDefault();
  parts.prompt.focus();
});
addEventListener("hashchange", openFromHash);
addEventListener("online", () => session?.updateNow());
document.addEventListener("visibilitychange", () => session?.setVisible(!document.hidden));
// a suspended page must not block other tabs, and an open connection would keep it out of the back/forward cache
addEventListener("pagehide", suspend);
document.addEventListener("freeze", suspend);
addEventListener("pageshow", resume);
document.addEventListener("resume", resume);
openFromHash();
loadGraph();
