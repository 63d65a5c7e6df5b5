// Records the requests of a page in a browser, and what goes wrong.

/**
 * Records every page that is opened in the browser context from now on. `problems` collects requests to other hosts
 * than `host`, errors on the console, violations of the content security policy, and failed requests. `requests`
 * collects all requests.
 */
export async function watch(context, host) {
  const problems = [];
  const requests = [];
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`refused by the content security policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.on('request', (request) => {
    requests.push(request);
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.host !== host) problems.push(`request to another host: ${url}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => problems.push(`uncaught: ${error.error()}`));
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // A reload or closing the page aborts requests.
    if (reason !== 'net::ERR_ABORTED') problems.push(`failed: ${request.url()} ${reason}`);
  });
  return { problems, requests };
}
