// The server settings that the pages need.

// Relative to the page, because a proxy may serve it below a path.
const ADDRESS = 'plain/pages.json';

/**
 * `{ appUrl, passwordMinLength }`, with null for a setting without a value. Never throws: without a response, all are
 * unknown, and the pages show the texts for the default settings.
 */
export const settings = fetch(ADDRESS)
  .then((response) => response.json())
  .catch(() => ({ appUrl: null, passwordMinLength: null }));
