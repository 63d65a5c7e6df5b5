import { errorsOf, useAction } from '../../api/actions';
import { graphql } from '../../gql';
import { useWords } from '../../i18n';
import { Form } from '../../ui/Form';
import { Section } from '../../ui/Page';
import { useToast } from '../../ui/toasts';
import { Bullets } from './Bullets';
import { dateIn, downloadJson } from './download';

const ExportDataDocument = graphql(`
  mutation ExportData {
    exportData {
      data
      errors { message code }
    }
  }
`);

export function ExportSection() {
  const { data: words } = useWords();
  const act = useAction();
  const toast = useToast();
  async function download() {
    const payload = await act(ExportDataDocument, {});
    if (payload.data) {
      downloadJson(`userprofile-data-${dateIn(new Date())}.json`, payload.data);
      toast(words.downloaded);
    }
    return errorsOf(payload);
  }
  return (
    <Section title={words.export} lead={words.exportLead}>
      <Bullets items={words.contains} />
      <p>{words.containsNot}</p>
      <Form submit={words.download} onSubmit={download} />
    </Section>
  );
}
