// The page that a password reset link opens.

import { mutate } from './graphql.js';
import { showMessage, start } from './page.js';
import { settings } from './settings.js';
import { words } from './words.js';

const CONFIRM = `mutation($input: ConfirmPasswordResetInput!) {
  confirmPasswordReset(input: $input) { ok errors { message code field retryAfter } }
}`;

const texts = words.resetPassword;
const newPassword = document.getElementById('new-password');
const repeated = document.getElementById('repeated');
const inputs = [newPassword, repeated];
const reveal = document.getElementById('reveal');

start(texts, { send, refused });
void showRule();
setRevealed(false);
reveal.addEventListener('click', () => setRevealed(newPassword.type === 'password'));
for (const input of inputs) {
  input.addEventListener('input', () => {
    inputs.forEach(unmark);
    showMessage('');
  });
}

async function send(token) {
  inputs.forEach(unmark);
  if (!newPassword.value) return { code: 'REQUIRED' };
  if (!isSame(newPassword.value, repeated.value)) return { code: 'DIFFERENT' };
  const outcome = await mutate(CONFIRM, { token, newPassword: newPassword.value });
  if (outcome.code === 'OK') setRevealed(false);
  return outcome;
}

/** Shows the errors of a password at its input. */
function refused({ code }) {
  if (!(code in texts.refusals)) return;
  const input = code === 'DIFFERENT' ? repeated : newPassword;
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', input === newPassword ? 'message hint' : 'message');
  input.focus();
}

function unmark(input) {
  input.removeAttribute('aria-invalid');
  if (input === newPassword) input.setAttribute('aria-describedby', 'hint');
  else input.removeAttribute('aria-describedby');
}

/** The minimum length is a setting; the texts contain its default, as the first number in every language. */
async function showRule() {
  const { passwordMinLength } = await settings;
  if (!passwordMinLength) return;
  document.getElementById('rule').textContent = texts.rule.replace(/\d+/, passwordMinLength);
}

// The server treats a letter followed by a combining accent as the accented letter.
function isSame(one, other) {
  return one.normalize('NFC') === other.normalize('NFC');
}

function setRevealed(revealed) {
  for (const input of inputs) input.type = revealed ? 'text' : 'password';
  reveal.textContent = revealed ? texts.hide : texts.show;
  reveal.setAttribute('aria-label', revealed ? texts.hidePasswords : texts.showPasswords);
}
