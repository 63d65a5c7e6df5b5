// Where the keyboard focus goes when a part of the page is replaced.

import { useEffect, useRef, type RefObject } from 'react';

/** The button that opened a part of the page gets the focus back when that part is closed: the first one in the element. */
export function useFocusBack<Part extends HTMLElement>(isOpen: boolean): RefObject<Part | null> {
  const part = useRef<Part>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    if (wasOpen.current && !isOpen) part.current?.querySelector('button')?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  return part;
}

/** The same if an item of a list is removed together with the button that had the focus. */
export function useFocusKept(count: number, part: RefObject<HTMLElement | null>): void {
  const before = useRef(count);
  useEffect(() => {
    const isLost = count < before.current && document.activeElement === document.body;
    if (isLost) part.current?.querySelector('button')?.focus();
    before.current = count;
  }, [count, part]);
}
