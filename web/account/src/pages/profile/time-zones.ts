// The time zones to choose from, with their current offset and their name in the language of the console.

import { useMemo, useState } from 'react';
import type { Option } from '../../ui/Choice';

/** Names that browsers still list under an older spelling. */
const RENAMED: Record<string, string> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Godthab': 'America/Nuuk',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

/**
 * The options, of which the current ones are always part, and a function that loads the others. To name all of them
 * takes a phone most of a second, so that is done only for a user who is about to choose.
 */
export function useTimeZones(current: readonly string[], shownIn: string): [Option[], () => void] {
  const [isLoaded, setLoaded] = useState(false);
  const wanted = current.join(' ');
  const all = useMemo(() => (isLoaded ? timeZones().map((zone) => optionOf(zone, shownIn)) : []), [isLoaded, shownIn]);
  const options = useMemo(() => {
    const missing = new Set(wanted.split(' ').filter((zone) => !all.some(({ value }) => value === zone)));
    return [...[...missing].map((zone) => optionOf(zone, shownIn)), ...all];
  }, [all, wanted, shownIn]);
  return [options, () => setLoaded(true)];
}

function timeZones(): string[] {
  const listed = Intl.supportedValuesOf('timeZone').map((zone) => RENAMED[zone] ?? zone);
  return [...new Set(['UTC', ...listed.sort()])];
}

/** Such as `Asia/Seoul (GMT+9) · Korean Standard Time`. */
function optionOf(zone: string, shownIn: string): Option {
  const place = zone.replaceAll('_', ' ');
  const offset = nameIn(zone, shownIn, 'shortOffset');
  const name = nameIn(zone, shownIn, 'longGeneric');
  const isNamed = name && !name.startsWith('GMT') && zone !== 'UTC';
  return { value: zone, label: [offset ? `${place} (${offset})` : place, ...(isNamed ? [name] : [])].join(' · ') };
}

function nameIn(timeZone: string, shownIn: string, timeZoneName: 'shortOffset' | 'longGeneric'): string | undefined {
  try {
    const parts = new Intl.DateTimeFormat(shownIn, { timeZone, timeZoneName }).formatToParts();
    return parts.find(({ type }) => type === 'timeZoneName')?.value;
  } catch {
    // The server may know a newer zone than the browser.
    return undefined;
  }
}
