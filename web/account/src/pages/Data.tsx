// What is stored about the user: to take along, or to delete.

import { useWords } from '../i18n';
import { Page } from '../ui/Page';
import './data/data.css';
import { DeletionSection } from './data/DeletionSection';
import { ExportSection } from './data/ExportSection';

export default function Data() {
  const words = useWords();
  return (
    <Page title={words.pages.data} lead={words.data.lead}>
      <ExportSection />
      <DeletionSection />
    </Page>
  );
}
