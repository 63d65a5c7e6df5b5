// What the user has typed into the profile form and not saved. A field without a draft follows the account, which another
// tab may change; only fields with a draft are sent.

import type { UpdateProfileInput } from '../../gql/graphql';
import type { Me } from './documents';

export interface Details {
  name: string;
  language: string;
  timezone: string;
}

export type Draft = Partial<Details>;

export function detailsOf({ name, language, timezone }: Pick<Me, keyof Details>): Details {
  return { name: name ?? '', language, timezone };
}

/** The draft after the user has edited a field. Typing the saved value again ends the draft of that field. */
export function edited(draft: Draft, saved: Details, field: keyof Details, value: string): Draft {
  const { [field]: _previous, ...others } = draft;
  return value === saved[field] ? others : { ...others, [field]: value };
}

/** The fields that differ from what is saved. The server trims names. */
export function changesOf(draft: Draft, saved: Details): Draft {
  const entries = Object.entries(draft).map(([field, value]) => [field, value.trim()] as const);
  return Object.fromEntries(entries.filter(([field, value]) => value !== saved[field as keyof Details]));
}

/** The draft without what was sent, but with what the user has typed since. */
export function withoutSent(draft: Draft, sent: Draft): Draft {
  return Object.fromEntries(Object.entries(draft).filter(([field, value]) => value !== sent[field as keyof Details]));
}

/** An empty name removes the name. */
export function inputOf({ name, ...others }: Draft): UpdateProfileInput {
  return name === undefined ? others : { ...others, name: name || null };
}
