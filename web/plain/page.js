// Shared by the pages of emailed links: takes the token from the link, sends the form with it, and shows the result.

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
 * Starts a page with these texts. `send(token)` is called when the form is submitted, and returns the result,
 * `{ code }`. `refused(outcome)` is called if the user can correct the input and submit again, to mark the errors.
 */
export function start(texts, { send, refused = () => {} }) {
  document.documentElement.lang = language;
  document.title = `${texts.title} · UserProfile`;
  open(texts);
  // Pasting a link while the page is open does not reload it.
  addEventListener('hashchange', () => {
    if (location.hash) open(texts);
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isBusy) return;
    showMessage('');
    setBusy(texts, true);
    const outcome = await send(token);
    setBusy(texts, false);
    if (!show(texts, outcome)) refused(outcome);
  });
}

/** Shows a message below the form; an empty text removes it. */
export function showMessage(text) {
  main.dataset.tone = 'error';
  message.textContent = text;
}

function open(texts) {
  token = takeToken();
  delete main.dataset.ended;
  before.hidden = button.hidden = false;
  app.hidden = true;
  for (const element of document.querySelectorAll('[data-words]')) element.textContent = texts[element.dataset.words];
  showMessage('');
  if (!token) end('info', words.noToken);
}

/** Reads the token and removes it from the address, so that neither the history nor the screen keeps it. */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token')?.trim();
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return found || null;
}

// Not `disabled`: that would remove the focus of keyboard users.
function setBusy(texts, busy) {
  isBusy = busy;
  button.setAttribute('aria-disabled', String(busy));
  button.textContent = busy ? texts.busy : texts.submit;
}

/** Shows the result of the form, and returns whether it was final. */
function show(texts, outcome) {
  const ending = texts.endings[outcome.code];
  if (ending) {
    token = null;
    end(outcome.code === 'OK' ? 'good' : 'error', ending);
    title.focus();
    void showAppLink();
    return true;
  }
  const sentence = texts.refusals?.[outcome.code] ?? words.refusals[outcome.code] ?? words.refusals.FAILED;
  showMessage(typeof sentence === 'function' ? sentence(outcome) : sentence);
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
async function showAppLink() {
  const { appUrl } = await settings;
  if (!appUrl) return;
  app.href = appUrl;
  app.hidden = false;
}
