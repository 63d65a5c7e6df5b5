// The page behind the link that puts an old e-mail address back. It does so when asked and not when opened: programs
// that look for dangerous mails open every link.

import { mutate } from './graphql.js';
import { start } from './page.js';
import { words } from './words.js';

const UNDO = `mutation($input: UndoEmailChangeInput!) {
  undoEmailChange(input: $input) { ok errors { message code field } }
}`;

start(words.undoEmailChange, { send: (token) => mutate(UNDO, { token }) });
