// What the pages need to know of the server.

// Beside the page, wherever a proxy has put that.
const ADDRESS = 'plain/pages.json';

/**
 * `{ appUrl, passwordMinLength }`, with null for what is not set. Never throws: without an answer nothing is known, and
 * the pages say what holds at most servers.
 */
export const settings = fetch(ADDRESS)
  .then((response) => response.json())
  .catch(() => ({ appUrl: null, passwordMinLength: null }));
