// The user's name, language, and time zone.

import { getFragmentData, graphql, type FragmentType } from '../gql';
import { Field } from '../ui/Field';
import { Form, text } from '../ui/Form';
import { Section } from '../ui/Section';
import { updateProfile } from './updateProfile';

const ProfileUser = graphql(`
  fragment Profile on User {
    name
    language
    timezone
  }
`);

const LANGUAGES = ['en', 'ko', 'ja', 'de', 'es', 'fr', 'pt-BR', 'zh-Hans'];
// Some browsers list UTC, and some omit it.
const TIMEZONES = [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];

export function Profile({ user }: { user: FragmentType<typeof ProfileUser> }) {
  const { name, language, timezone } = getFragmentData(ProfileUser, user);

  async function save(values: FormData) {
    const { errors } = await updateProfile({
      name: text(values, 'name') || null,
      language: text(values, 'language') || null,
      timezone: text(values, 'timezone') || null,
    });
    return errors;
  }

  return (
    <Section id="profile" title="Profile" about="Your name, and the language and time zone of messages.">
      <Form submit="Save" done="Saved." onSubmit={save}>
        <Field name="name" label="Name" defaultValue={name ?? ''} autoComplete="name" />
        <Field
          name="language"
          label="Language"
          hint="Messages are available in English (en), Korean (ko), and Japanese (ja)."
          defaultValue={language}
          suggestions={LANGUAGES}
        />
        <Field
          name="timezone"
          label="Timezone"
          defaultValue={timezone}
          suggestions={TIMEZONES}
        />
      </Form>
    </Section>
  );
}
