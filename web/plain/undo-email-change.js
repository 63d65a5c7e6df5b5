// The page that an undo link opens. It restores the old email address on a click, not when it is opened, because mail
// scanners open every link.

import { mutate } from './graphql.js';
import { start } from './page.js';
import { words } from './words.js';

const UNDO = `mutation($input: UndoEmailChangeInput!) {
  undoEmailChange(input: $input) { ok errors { message code field } }
}`;

start(words.undoEmailChange, { send: (token) => mutate(UNDO, { token }) });
