// The recovery codes, which are shown this once.

import { useState } from 'react';

interface RecoveryCodesProps {
  codes: readonly string[];
  onKept: () => void;
}

export function RecoveryCodes({ codes, onKept }: RecoveryCodesProps) {
  const [isCopied, setCopied] = useState(false);

  async function copy() {
    await navigator.clipboard.writeText(codes.join('\n'));
    setCopied(true);
  }

  return (
    <>
      <p className="warm">
        Keep these recovery codes where you find them without your second factor: each takes its place once. They are
        not shown again.
      </p>
      <ul className="codes" aria-label="Recovery codes">
        {codes.map((code) => <li key={code}><code>{code}</code></li>)}
      </ul>
      <div className="row">
        <button type="button" className="primary" onClick={onKept}>I have kept them</button>
        <button type="button" onClick={() => void copy()}>Copy</button>
        <p role="status" className="good">{isCopied && 'Copied.'}</p>
      </div>
    </>
  );
}
