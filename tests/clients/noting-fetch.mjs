// A `fetch` that records the requests of a client.

/** The `fetch`, and `sent`: for each request, its method, and whether it contained the text of a query. */
export function notingFetch() {
  const sent = [];
  const noting = (url, options = {}) => {
    const parameters = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(url).searchParams);
    sent.push({ method: options.method ?? 'GET', holdsQuery: Boolean(parameters.query) });
    return fetch(url, options);
  };
  return { fetch: noting, sent };
}
