// A fetch to give to a client, which notes what the client sends.

/** That fetch, and `sent`: of each request its method, and whether the text of a query was in it. */
export function notingFetch() {
  const sent = [];
  const noting = (url, options = {}) => {
    const parameters = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(url).searchParams);
    sent.push({ method: options.method ?? 'GET', holdsQuery: Boolean(parameters.query) });
    return fetch(url, options);
  };
  return { fetch: noting, sent };
}
