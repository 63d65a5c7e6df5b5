// Watches what a page does in a browser: whatever it does wrong, and whatever it asks for.

/**
 * Watches every page of a browser's context that has not been opened yet. In `faults` comes what is wrong: a request to
 * another host than `host`, an error on the console, a violation of the content security policy, a request that failed.
 * `requests` holds every request.
 */
export async function watch(context, host) {
  const faults = [];
  const requests = [];
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`refused by the content security policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.on('request', (request) => {
    requests.push(request);
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.host !== host) faults.push(`request to another host: ${url}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => faults.push(`uncaught: ${error.error()}`));
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // A request that a reload or the closing page cuts short.
    if (reason !== 'net::ERR_ABORTED') faults.push(`failed: ${request.url()} ${reason}`);
  });
  return { faults, requests };
}
