// The end of a list: how much of it is shown, and the button for more.

import { useEffect, useRef } from 'react';
import { fill, useWords } from '../i18n';
import { Button } from './Button';
import './lists.css';

interface ShowMoreProps {
  shown: number;
  total: number;
  hasMore: boolean;
  isBusy?: boolean;
  onMore: () => void;
}

export function ShowMore({ shown, total, hasMore, isBusy = false, onMore }: ShowMoreProps) {
  const words = useWords();
  const count = useRef<HTMLParagraphElement>(null);
  const isPressed = useRef(false);
  useEffect(() => {
    // The button is gone, and would take the focus with it.
    if (!hasMore && isPressed.current) count.current?.focus();
  }, [hasMore]);
  return (
    <div className="show-more">
      <p ref={count} role="status" tabIndex={-1}>
        {fill(words.lists.shown, { shown, total })}
      </p>
      {hasMore && (
        <Button
          isBusy={isBusy}
          onClick={() => {
            isPressed.current = true;
            onMore();
          }}
        >
          {words.showMore}
        </Button>
      )}
    </div>
  );
}
