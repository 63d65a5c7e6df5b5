// New recovery codes, which are shown only once.

import { useState } from 'react';
import { fill, useWords } from '../../i18n';
import { Button } from '../../ui/Button';
import { Step } from './Step';

interface SaveCodesProps {
  codes: readonly string[];
  onSaved: () => void;
}

export function SaveCodes({ codes, onSaved }: SaveCodesProps) {
  const { product, security: words } = useWords();
  const [result, setResult] = useState('');

  async function copy() {
    try {
      await navigator.clipboard.writeText(codes.join('\n'));
      setResult(words.copied);
    } catch {
      // Browsers may refuse it, and provide no clipboard for a page without TLS.
      setResult(words.copyFailed);
    }
  }

  return (
    <div className="save-codes">
      <Step title={words.saveCodes}>
        <p>{words.saveCodesText}</p>
        <ul className="codes" aria-label={words.recoveryCodes}>
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ul>
        <div className="buttons">
          <Button onClick={() => void copy()}>{words.copy}</Button>
          <Button onClick={() => download([fill(words.codesFile, { product }), '', ...codes, ''].join('\n'))}>
            {words.download}
          </Button>
          <Button onClick={() => window.print()}>{words.print}</Button>
        </div>
        <p role="status" className="copy-result">
          {result}
        </p>
        <div className="buttons">
          <Button variant="primary" onClick={onSaved}>
            {words.codesSaved}
          </Button>
        </div>
      </Step>
    </div>
  );
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'recovery-codes.txt';
  link.click();
  URL.revokeObjectURL(url);
}
