// The recovery codes, which are shown only once.

import { useState } from 'react';

interface RecoveryCodesProps {
  codes: readonly string[];
  onStored: () => void;
}

export function RecoveryCodes({ codes, onStored }: RecoveryCodesProps) {
  const [copying, setCopying] = useState<'done' | 'refused' | null>(null);

  async function copy() {
    try {
      // Browsers may refuse it, and provide no clipboard for a page without TLS.
      await navigator.clipboard.writeText(codes.join('\n'));
      setCopying('done');
    } catch {
      setCopying('refused');
    }
  }

  return (
    <>
      <p className="warm">
        Store these recovery codes in a safe place. If you cannot get a code, use one of them instead; each works once.
        They are not shown again.
      </p>
      <ul className="codes" aria-label="Recovery codes">
        {codes.map((code) => <li key={code}><code>{code}</code></li>)}
      </ul>
      <div className="row">
        <button type="button" className="primary" onClick={onStored}>I have stored them</button>
        <button type="button" onClick={() => void copy()}>Copy</button>
        <p role="status" className="good">{copying === 'done' && 'Copied.'}</p>
        <p role="alert" className="problem">
          {copying === 'refused' && 'Your browser does not let this page copy them. Please copy them by hand.'}
        </p>
      </div>
    </>
  );
}
