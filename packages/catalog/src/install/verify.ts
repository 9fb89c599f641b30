import { equalBytes, type NodeId } from '@hypermesh/core';
import type { CheckName } from '../errors.ts';
import type { CallOptions, CatalogPorts } from '../ports.ts';
import type { Registry } from '../registry/registry.ts';
import type { VerifiedRelease, Verifier } from '../registry/verification.ts';
import type { InstalledPackages } from './installed.ts';

/** One check and what it found; `detail` says what failed. */
export interface Check {
  readonly check: CheckName;
  readonly ok: boolean;
  readonly detail: string;
}

/** What verifying an installed package found. Checks after one that failed and that build on it are left out. */
export interface VerifyReport {
  readonly key: string;
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly publisher: NodeId | undefined;
  readonly deep: boolean;
}

/** Verifies an installed package again from the index down; `deep` also hashes every byte of content and tree. */
export type VerifyInstalled = (
  key: string,
  options?: CallOptions & { readonly deep?: boolean },
) => Promise<VerifyReport>;

/** Verification over the ports. Damage ends in a report, not in an error. */
export function createVerification(
  ports: Pick<CatalogPorts, 'content' | 'trees' | 'assets'>,
  parts: { readonly registry: Registry; readonly verifier: Verifier; readonly installed: InstalledPackages },
): VerifyInstalled {
  const { content, trees, assets } = ports;
  const { registry, verifier, installed } = parts;

  async function contentCheck({ record }: VerifiedRelease, options: CallOptions): Promise<Check> {
    try {
      let bytes = 0;
      for await (const part of content.get(record.root, options)) bytes += part.length;
      if (bytes !== record.bytes) return failed('content', `${bytes} bytes instead of ${record.bytes}`);
      return { check: 'content', ok: true, detail: 'every chunk is what its name says' };
    } catch (error) {
      options.signal?.throwIfAborted();
      return failed('content', messageOf(error));
    }
  }

  async function treeCheck(
    { release, record }: VerifiedRelease,
    deep: boolean,
    options: CallOptions,
  ): Promise<Check> {
    const { digest } = release.record;
    try {
      const path = await trees.path(digest);
      if (path === undefined) return failed('tree', 'the unpacked files are gone');
      if (!deep) return { check: 'tree', ok: true, detail: path };
      return (await isSame(trees.read(digest, record), content.get(record.root, options)))
        ? { check: 'tree', ok: true, detail: 'every byte is that of the content' }
        : failed('tree', 'the unpacked files are not those of the content');
    } catch (error) {
      options.signal?.throwIfAborted();
      return failed('tree', messageOf(error));
    }
  }

  async function assetCheck(key: string): Promise<Check> {
    const ids = (await installed.get(key))?.assets ?? [];
    for (const id of ids) {
      const asset = await assets.get(id);
      if (asset === undefined) return failed('asset', `${id} is not registered`);
    }
    return { check: 'asset', ok: true, detail: `${ids.length} registered` };
  }

  return async (key, { deep = false, ...options } = {}) => {
    const snapshot = await registry.snapshot();
    const release = snapshot.release(key);
    const report = (checks: readonly Check[]): VerifyReport => ({
      key,
      ok: checks.every(({ ok }) => ok),
      checks,
      publisher: release?.publisher,
      deep,
    });
    if (release === undefined) {
      const refusal = snapshot.refused.find((each) => each.key === key);
      return report([failed(refusal?.check ?? 'index-record', refusal?.reason ?? 'not on the index')]);
    }
    const checks: Check[] = [
      { check: 'index-record', ok: true, detail: `ordered in block ${release.height}` },
      { check: 'owner', ok: true, detail: release.publisher },
      { check: 'sequence', ok: true, detail: `record ${release.record.sequence} of its publisher` },
    ];
    const before = await installed.get(key);
    if (before !== undefined && before.digest !== release.record.digest) {
      return report([...checks, failed('record', 'the index names another digest than was installed')]);
    }
    const verdict = await verifier.verify(release, options);
    if (!verdict.ok) return report([...checks, failed(verdict.check, verdict.reason)]);
    const { verified } = verdict;
    const suites = [...new Set(verified.signers.map(({ suite }) => suite))].join(' and ');
    checks.push({ check: 'record', ok: true, detail: release.record.digest });
    checks.push({ check: 'signature', ok: true, detail: `${suites}, logged` });
    checks.push({ check: 'signers', ok: true, detail: verified.signedBy.join(', ') });
    if (before === undefined && !deep) return report(checks);
    const ofContent = deep ? await contentCheck(verified, options) : undefined;
    if (ofContent !== undefined) checks.push(ofContent);
    if (before === undefined) return report(checks);
    const compares = ofContent?.ok === true;
    checks.push(await treeCheck(verified, compares, options), await assetCheck(key));
    return report(checks);
  };
}

function failed(check: CheckName, detail: string): Check {
  return { check, ok: false, detail };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether two streams carry the same bytes, however they are cut. */
async function isSame(one: AsyncIterable<Uint8Array>, other: AsyncIterable<Uint8Array>): Promise<boolean> {
  const others = other[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  try {
    for await (let part of one) {
      while (part.length > 0) {
        if (rest.length === 0) {
          const next = await others.next();
          if (next.done) return false;
          rest = next.value;
        }
        const length = Math.min(part.length, rest.length);
        if (!equalBytes(part.subarray(0, length), rest.subarray(0, length))) return false;
        part = part.subarray(length);
        rest = rest.subarray(length);
      }
    }
    while (rest.length === 0) {
      const next = await others.next();
      if (next.done) return true;
      rest = next.value;
    }
    return false;
  } finally {
    await others.return?.();
  }
}
