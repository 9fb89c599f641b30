import { Badge } from '../../parts/badge.tsx';

/** How a run stands, in a word. */
export function RunState({
  run,
}: {
  readonly run: { readonly status: string; readonly exit: string | null };
}) {
  const { status, exit } = run;
  if (status === 'running') return <Badge tone="good">running</Badge>;
  if (status === 'ended')
    return exit === 'ok' ? <Badge>ok</Badge> : <Badge tone="warn">{exit ?? 'ended'}</Badge>;
  return <Badge tone="bad">{status}</Badge>;
}

/** The page of a run. A node that asked itself through another keeps one record in each role. */
export function runLink({ lease, role }: { readonly lease: string; readonly role?: string }): string {
  return `/runs/${encodeURIComponent(lease)}${role === undefined ? '' : `?role=${role}`}`;
}
