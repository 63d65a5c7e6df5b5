// Shared by both pages: takes the token from the link, sends the form with it, and shows the result.

import { settings } from './settings.js';
import { language, words } from './words.js';

const main = document.querySelector('main');
const title = document.getElementById('title');
const form = document.getElementById('form');
const before = document.getElementById('before');
const message = document.getElementById('message');
const button = document.getElementById('submit');
const app = document.getElementById('app');

// Stored only here, so that it disappears with the page.
let token = null;
let isBusy = false;

/**
 * Starts a page with the texts `said`. `send(token)` is called when the form is submitted, and returns the result,
 * `{ code }`. `refused(outcome)` is called if the user can correct the input and submit again, to mark the errors.
 */
export function start(said, { send, refused = () => {} }) {
  document.documentElement.lang = language;
  document.title = `${said.title} · UserProfile`;
  open(said);
  // Pasting a link while the page is open does not reload it.
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

/** Shows a message below the form; an empty text removes it. */
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

/** Reads the token and removes it from the address, so that neither the history nor the screen keeps it. */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token')?.trim();
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return found || null;
}

// Not `disabled`: that would remove the focus of keyboard users.
function setBusy(said, busy) {
  isBusy = busy;
  button.setAttribute('aria-disabled', String(busy));
  button.textContent = busy ? said.busy : said.submit;
}

/** Shows the result of the form, and returns whether it was final. */
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

/** Shows the link to the application, if one is configured. */
async function linkOn() {
  const { appUrl } = await settings;
  if (!appUrl) return;
  app.href = appUrl;
  app.hidden = false;
}
