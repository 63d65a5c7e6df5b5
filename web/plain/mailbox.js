// Updates the page with the messages of a demo: new messages are added at the top, existing ones stay unchanged, and
// each frame is as tall as its message.

const EVERY_MS = 1_500;

const list = document.querySelector('main');
let etag = '';

for (const frame of list.querySelectorAll('iframe')) fit(frame);
setInterval(look, EVERY_MS);
document.addEventListener('visibilitychange', look);

async function look() {
  if (document.hidden) return;
  // `no-store`, so that this script handles the ETag and sees a 304.
  const options = { cache: 'no-store', headers: { accept: 'text/html', 'if-none-match': etag } };
  const response = await fetch(location.href, options).catch(() => null);
  if (!response?.ok) return;
  etag = response.headers.get('etag') ?? '';
  update(new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('main'));
}

/** Adds new messages and removes deleted ones; open, selected, and scrolled elements stay as they are. */
function update(fresh) {
  const before = new Set([...list.children].map((child) => child.id));
  const after = new Set([...fresh.children].map((child) => child.id));
  for (const child of [...list.children]) if (!after.has(child.id)) child.remove();
  const added = [...fresh.children].filter((child) => !before.has(child.id));
  list.prepend(...added);
  for (const child of added) for (const frame of child.querySelectorAll('iframe')) fit(frame);
}

/** Keeps a frame as tall as its message, also when the width of the window changes. */
function fit(frame) {
  const observe = () => {
    const body = frame.contentDocument?.body;
    if (!body) return;
    const adapt = () => (frame.style.height = `${Math.ceil(body.getBoundingClientRect().height)}px`);
    new ResizeObserver(adapt).observe(body);
    adapt();
  };
  frame.addEventListener('load', observe);
  if (frame.contentDocument?.readyState === 'complete') observe();
}
