// Times, numbers, and names in the user's language and time zone.

import { useMemo } from 'react';
import { useTexts } from '.';

const MINUTE = 60_000;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 24 * 60 * MINUTE],
  ['hour', 60 * MINUTE],
  ['minute', MINUTE],
];

export function useFormat() {
  const { language, timeZone } = useTexts();
  return useMemo(() => {
    const times = (options: Intl.DateTimeFormatOptions) => formatIn(language, timeZone, options);
    const date = times({ dateStyle: 'medium' });
    const dateTime = times({ dateStyle: 'medium', timeStyle: 'short' });
    const day = times({ dateStyle: 'full' });
    const clock = times({ timeStyle: 'short' });
    const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
    return {
      date: (time: string) => date.format(new Date(time)),
      /** With the day of the week. */
      day: (time: string) => day.format(new Date(time)),
      /** Hours and minutes. */
      clock: (time: string) => clock.format(new Date(time)),
      dateTime: (time: string) => dateTime.format(new Date(time)),
      /** `5 minutes ago`, up to a week; then the date. */
      ago: (time: string) => {
        const elapsed = Date.now() - Date.parse(time);
        if (elapsed > 7 * 24 * 60 * MINUTE) return date.format(new Date(time));
        const [unit, length] = STEPS.find(([, length]) => elapsed >= length) ?? ['minute', MINUTE];
        return relative.format(-Math.floor(elapsed / length), unit);
      },
      /** `30 seconds`. */
      seconds: (seconds: number) =>
        new Intl.NumberFormat(language, { style: 'unit', unit: 'second', unitDisplay: 'long' }).format(seconds),
    };
  }, [language, timeZone]);
}

/** The browser may not know a time zone that the server knows. */
function formatIn(language: string, timeZone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(language, { ...options, ...(timeZone && { timeZone }) });
  } catch {
    return new Intl.DateTimeFormat(language, options);
  }
}
