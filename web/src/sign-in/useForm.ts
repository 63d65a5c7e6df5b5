// Shared by the forms of the sign-in box: a script submits them, one submission at a time.

import { useState, type FormEvent } from 'react';

/** Passes the form's values to `send`; `busy` is true until it completes. */
export function useForm(send: (values: FormData) => Promise<void>) {
  const [busy, setBusy] = useState(false);

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await send(new FormData(event.currentTarget));
    } finally {
      setBusy(false);
    }
  }

  return { busy, onSubmit };
}

/** The text in the input of that name. */
export function text(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}
