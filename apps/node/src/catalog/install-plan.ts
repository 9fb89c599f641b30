import { compareLocks, type InstallPlan, parseLock } from '@hypermesh/catalog';
import type { ContentService } from '../content/service.ts';
import type { InstallPlanReport } from './reports.ts';
import type { CatalogService } from './service.ts';

/** What an installation would do, with what of it is here already. `lock` is the lock file that it keeps to. */
export async function reportInstallPlan(
  plan: InstallPlan,
  parts: { readonly catalog: CatalogService; readonly content: Pick<ContentService, 'has'> },
  { lock, signal }: { readonly lock?: string | undefined; readonly signal: AbortSignal },
): Promise<InstallPlanReport> {
  const { catalog, content } = parts;
  const installed = await catalog.installed(signal);
  const packages = await Promise.all(
    plan.packages.map(async (key) => {
      const at = key.lastIndexOf('@');
      const [name, version] = [key.slice(0, at), key.slice(at + 1)];
      const { digest, content: root, bytes } = await catalog.resolve(`${name}@=${version}`, signal);
      const already = installed.some((each) => each.digest === digest);
      return { name, version, bytes, already, here: already || (await content.has(root)) };
    }),
  );
  return {
    packages,
    bytes: plan.bytes,
    mostBytesMoved: packages.reduce((sum, { here, bytes }) => sum + (here ? 0 : bytes), 0),
    lock: plan.lock,
    changes: changesOf(lock, plan.lock),
  };
}

function changesOf(before: string | undefined, after: string): readonly string[] {
  const [held, wanted] = [before === undefined ? undefined : parseLock(before), parseLock(after)];
  if (held?.ok !== true || !wanted.ok) return [];
  return compareLocks(held.lock, wanted.lock).map(({ message }) => message);
}
