// The texts of the console, in the user's language: before the sign-in that of the browser, after it that of the account.

import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { en } from './en';

export type Words = typeof en;
export type Language = 'en' | 'ko' | 'ja';

const LOADERS: Record<Language, () => Promise<Words>> = {
  en: () => Promise.resolve(en),
  ko: () => import('./ko').then(({ ko }) => ko),
  ja: () => import('./ja').then(({ ja }) => ja),
};

interface Texts {
  language: Language;
  words: Words;
  /** The time zone of times, a name of the IANA database; before the sign-in, that of the browser. */
  timeZone: string | undefined;
  /** Shows the console in this language, a BCP 47 tag, and with this time zone; in English if the language is not supported. */
  showFor: (user: { language: string; timezone: string }) => void;
}

const TextsContext = createContext<Texts | null>(null);

export function TextsProvider({ children }: { children: ReactNode }) {
  const [wanted, setWanted] = useState(() => choose(navigator.languages));
  const [timeZone, setTimeZone] = useState<string>();
  const [texts, setTexts] = useState<{ language: Language; words: Words } | null>(wanted === 'en' ? { language: 'en', words: en } : null);
  useEffect(() => {
    let isCurrent = true;
    void LOADERS[wanted]().then((words) => {
      if (isCurrent) setTexts({ language: wanted, words });
    });
    return () => {
      isCurrent = false;
    };
  }, [wanted]);
  useEffect(() => {
    if (texts) document.documentElement.lang = texts.language;
  }, [texts]);
  const showFor = useCallback((user: { language: string; timezone: string }) => {
    setWanted(choose([user.language]));
    setTimeZone(user.timezone);
  }, []);
  const value = useMemo(() => texts && { ...texts, timeZone, showFor }, [texts, timeZone, showFor]);
  return value && <TextsContext value={value}>{children}</TextsContext>;
}

export function useTexts(): Texts {
  const texts = use(TextsContext);
  if (!texts) throw new Error('useTexts outside of TextsProvider');
  return texts;
}

export function useWords(): Words {
  return useTexts().words;
}

/** The first supported language. */
function choose(tags: readonly string[]): Language {
  const primary = tags.map((tag) => tag.toLowerCase().split(/[-_]/)[0] ?? '');
  return primary.find((tag): tag is Language => tag in LOADERS) ?? 'en';
}

/** Replaces `{name}` in a text by values. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder));
}
