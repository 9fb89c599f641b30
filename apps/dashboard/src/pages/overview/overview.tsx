import { PageHead } from '../../parts/panel.tsx';

/** What this node is and does. */
export function Page() {
  return <PageHead title="Overview" />;
}
