// The frame of the pages that are shown while the user is signed out.

import { useEffect, type ReactNode } from 'react';
import { Logo } from '../app/Layout';
import { useWords } from '../i18n';
import './sign-in.css';

export function Gate({ title, children }: { title: string; children: ReactNode }) {
  const { product } = useWords();
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <main className="gate">
      <p className="brand">
        <Logo />
        <span>{product}</span>
      </p>
      <div className="gate-card">
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
