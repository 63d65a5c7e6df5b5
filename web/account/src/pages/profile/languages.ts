// The languages to choose from, with their names in the language of the console and in their own.

import type { Option } from '../../ui/Choice';

const TAGS = (
  'ar bg bn ca cs da de el en en-GB es es-MX et fa fi fil fr fr-CA he hi hr hu id it ja ko lt lv ms nb nl pl pt-BR ' +
  'pt-PT ro ru sk sl sr sv sw ta th tr uk ur vi zh-Hans zh-Hant'
).split(' ');

/** The options, sorted by name. The user's own language is always one of them. */
export function languageOptions(current: string, shownIn: string): Option[] {
  const tags = TAGS.includes(current) ? TAGS : [...TAGS, current];
  const { compare } = new Intl.Collator(shownIn);
  return tags.map((tag) => ({ value: tag, label: labelOf(tag, shownIn) })).sort((a, b) => compare(a.label, b.label));
}

function labelOf(tag: string, shownIn: string): string {
  const name = nameOf(tag, shownIn);
  const ownName = nameOf(tag, tag);
  return name.toLowerCase() === ownName.toLowerCase() ? name : `${name} (${ownName})`;
}

function nameOf(tag: string, shownIn: string): string {
  try {
    return new Intl.DisplayNames([shownIn], { type: 'language' }).of(tag) ?? tag;
  } catch {
    // The registry has tags that browsers do not accept, such as `i-klingon`.
    return tag;
  }
}
