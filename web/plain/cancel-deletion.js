// The page that cancels the deletion of an account. It does so on a click, not when it is opened, because mail scanners
// open every link.

import { mutate } from './graphql.js';
import { start } from './page.js';
import { words } from './words.js';

const CANCEL = `mutation($input: CancelAccountDeletionInput!) {
  cancelAccountDeletion(input: $input) { ok errors { message code field } }
}`;

start(words.cancelDeletion, { send: (token) => mutate(CANCEL, { token }) });
