import { Link } from 'wouter';
import { useWords } from '../i18n';
import { Page } from '../ui/Page';

export function NotFound() {
  const words = useWords();
  return (
    <Page title={words.notFound} lead={words.notFoundText}>
      <p>
        <Link href="/">{words.toOverview}</Link>
      </p>
    </Page>
  );
}
