// The domain to sign in to: that of the link to this page, or the last one that was used in this browser.

const KEY = 'userprofile.domain';

/** The domain id to begin with. Empty if there is only one domain; null if none is known. */
export function knownDomain(): string | null {
  return linkedDomain() ?? read();
}

export function rememberDomain(domainId: string | null): void {
  try {
    localStorage.setItem(KEY, domainId ?? '');
  } catch {
    // Without storage, the user enters it again.
  }
}

/** Of `?domain=`; other text in a link is not shown. */
function linkedDomain(): string | null {
  const linked = new URLSearchParams(location.search).get('domain');
  return linked && /^domain-[\w.-]{1,57}$/.test(linked) ? linked : null;
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
