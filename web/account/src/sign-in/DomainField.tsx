// The domain to sign in to: a field, or, if it is known, its id and a button to change it.

import { use, useEffect, useState } from 'react';
import { useWords } from '../i18n';
import { Button } from '../ui/Button';
import { Field, FieldErrorsContext } from '../ui/Field';

const NAME = 'domainId';

export function DomainField({ known }: { known: string | null }) {
  const words = useWords();
  const [isChanging, setChanging] = useState(false);
  const isWrong = NAME in use(FieldErrorsContext);
  useEffect(() => {
    if (isWrong) setChanging(true);
  }, [isWrong]);

  if (known === null || isChanging || isWrong) {
    return (
      <Field
        name={NAME}
        label={words.signIn.domain}
        description={words.signIn.domainNote}
        defaultValue={known ?? ''}
        autoFocus={known === null || isChanging}
        autoComplete="organization"
        autoCapitalize="none"
        spellCheck={false}
      />
    );
  }
  return (
    <div className="known-domain">
      <input type="hidden" name={NAME} value={known} />
      <p>
        {words.signIn.domain}: <strong>{known || words.none}</strong>
      </p>
      <Button variant="link" aria-label={words.signIn.changeDomain} onClick={() => setChanging(true)}>
        {words.change}
      </Button>
    </div>
  );
}
