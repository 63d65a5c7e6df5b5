// What both pages do: take the token out of the link, send the form with it, and show what came of that.

import { settings } from './settings.js';
import { language, words } from './words.js';

const main = document.querySelector('main');
const title = document.getElementById('title');
const form = document.getElementById('form');
const before = document.getElementById('before');
const message = document.getElementById('message');
const button = document.getElementById('submit');
const app = document.getElementById('app');

// Nowhere else, so that it is gone with the page.
let token = null;
let isBusy = false;

/**
 * Starts a page that says `said`. `send(token)` is called when the form is sent, and gives what came of it, `{ code }`.
 * `refused(outcome)` is called when that did not end the page, to mark what is to be mended.
 */
export function start(said, { send, refused = () => {} }) {
  document.documentElement.lang = language;
  document.title = `${said.title} · UserProfile`;
  open(said);
  // A link that is pasted where the page is open already loads nothing anew.
  addEventListener('hashchange', () => {
    if (location.hash) open(said);
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isBusy) return;
    say('');
    setBusy(said, true);
    const outcome = await send(token);
    setBusy(said, false);
    if (!show(said, outcome)) refused(outcome);
  });
}

/** Says something below the form; an empty text takes it back. */
export function say(text) {
  main.dataset.tone = 'error';
  message.textContent = text;
}

function open(said) {
  token = takeToken();
  delete main.dataset.ended;
  before.hidden = button.hidden = false;
  app.hidden = true;
  for (const element of document.querySelectorAll('[data-words]')) element.textContent = said[element.dataset.words];
  say('');
  if (!token) end('info', words.noToken);
}

/** Reads the token and takes it out of the address, so that it stays in no history and on no screen. */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token')?.trim();
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return found || null;
}

// Not `disabled`: that would throw away the focus of whoever pressed it by keyboard.
function setBusy(said, busy) {
  isBusy = busy;
  button.setAttribute('aria-disabled', String(busy));
  button.textContent = busy ? said.busy : said.submit;
}

/** Shows what came of the form, and says whether that was the end of it. */
function show(said, outcome) {
  const ending = said.endings[outcome.code];
  if (ending) {
    token = null;
    end(outcome.code === 'OK' ? 'good' : 'error', ending);
    title.focus();
    void linkOn();
    return true;
  }
  const sentence = said.refusals?.[outcome.code] ?? words.refusals[outcome.code] ?? words.refusals.FAILED;
  say(typeof sentence === 'function' ? sentence(outcome) : sentence);
  return false;
}

function end(tone, ending) {
  form.reset();
  before.hidden = button.hidden = true;
  main.dataset.ended = '';
  main.dataset.tone = tone;
  title.textContent = ending.title;
  message.textContent = ending.text;
}

/** Leads on to the application, where there is one. */
async function linkOn() {
  const { appUrl } = await settings;
  if (!appUrl) return;
  app.href = appUrl;
  app.hidden = false;
}
