// The addresses of the console's pages, relative to where it is served.

/** `/account`, below the path at which the server is mounted. */
export const BASE = new URL('account', document.baseURI).pathname;

export const PAGES = ['overview', 'profile', 'security', 'sessions', 'activity', 'workspaces', 'groups', 'data'] as const;

export type PageName = (typeof PAGES)[number];

export function pathOf(page: PageName): string {
  return page === 'overview' ? '/' : `/${page}`;
}
