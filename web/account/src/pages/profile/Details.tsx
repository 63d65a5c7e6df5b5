// Name, language, and time zone.

import { useMemo, useState } from 'react';
import { errorsOf, useAction } from '../../api/actions';
import { useTexts, useWords } from '../../i18n';
import { Choice } from '../../ui/Choice';
import { Field } from '../../ui/Field';
import { Form } from '../../ui/Form';
import { Section } from '../../ui/Page';
import { useToast } from '../../ui/toasts';
import { UpdateProfileMutation, type Me } from './documents';
import { changesOf, detailsOf, edited, inputOf, withoutSent, type Details as Fields, type Draft } from './draft';
import { languageOptions } from './languages';
import { useTimeZones } from './time-zones';

export function Details({ me }: { me: Me }) {
  const { saved: savedWord, profile: words } = useWords();
  const { language: shownIn } = useTexts();
  const act = useAction();
  const toast = useToast();
  const [draft, setDraft] = useState<Draft>({});
  const saved = detailsOf(me);
  const shown = { ...saved, ...draft };
  const changes = changesOf(draft, saved);
  const isChanged = Object.keys(changes).length > 0;
  const languages = useMemo(() => languageOptions(me.language, shownIn), [me.language, shownIn]);
  const [zones, loadZones] = useTimeZones([saved.timezone, shown.timezone], shownIn);

  const edit = (field: keyof Fields) => (value: string) => setDraft((draft) => edited(draft, saved, field, value));

  async function save() {
    if (!isChanged) {
      toast(words.unchanged);
      return [];
    }
    const sent = draft;
    const payload = await act(UpdateProfileMutation, { input: inputOf(changes) });
    if (payload.user) {
      setDraft((draft) => withoutSent(draft, sent));
      toast(savedWord);
    }
    return errorsOf(payload);
  }

  return (
    <Section title={words.details}>
      <Form submit={words.save} onSubmit={save} onCancel={isChanged ? () => setDraft({}) : undefined}>
        <Field
          name="name"
          label={words.name}
          value={shown.name}
          onChange={(event) => edit('name')(event.currentTarget.value)}
          autoComplete="name"
        />
        <Choice
          name="language"
          label={words.language}
          description={words.languageHint}
          options={languages}
          value={shown.language}
          onValueChange={edit('language')}
        />
        <div onFocus={loadZones}>
          <Choice name="timezone" label={words.timezone} options={zones} value={shown.timezone} onValueChange={edit('timezone')} />
        </div>
      </Form>
    </Section>
  );
}
