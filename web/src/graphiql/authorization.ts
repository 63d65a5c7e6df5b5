// The Authorization header in GraphiQL's headers editor, which contains JSON as text.

import { bearer } from '../session/graphql';

const BEARER = /^Bearer\s+(\S+)$/i;

/** The bearer token among these headers, whatever the case of the header's name; null if there is none. */
export function bearerToken(headers: HeadersInit | undefined): string | null {
  return BEARER.exec(new Headers(headers).get('authorization') ?? '')?.[1] ?? null;
}

/** The editor's text with this token in it, or without one if it is null. All other headers stay as they are. */
export function withToken(text: string, accessToken: string | null): string {
  const others = Object.entries(parseHeaders(text) ?? {}).filter(([name]) => name.toLowerCase() !== 'authorization');
  const headers = { ...Object.fromEntries(others), ...(accessToken === null ? {} : bearer(accessToken)) };
  return Object.keys(headers).length === 0 ? '' : JSON.stringify(headers, null, 2);
}

/** The headers in the editor's text, or null while it is not an object of strings (during typing, for example). */
export function parseHeaders(text: string): Record<string, string> | null {
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return isHeaders(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isHeaders(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string');
}
