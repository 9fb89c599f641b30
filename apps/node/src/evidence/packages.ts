import { join } from 'node:path';
import { openIndexRecord } from '@hypermesh/catalog';
import type { ContentRoot } from '@hypermesh/core';
import { concatBytes, hasCode } from '@hypermesh/core';
import type { ContentService } from '../content/service.ts';
import { writeDurably } from '../data-directory.ts';
import type { LedgerService } from '../ledger/service.ts';

/** Writes the signed record of each published package and the bundles under it, as far as this node holds them. */
export async function exportPackages(
  folder: string,
  { ledger, content }: { readonly ledger: LedgerService; readonly content: ContentService },
  signal: AbortSignal,
): Promise<number> {
  let written = 0;
  for (const [key, entry] of ledger.ledger.entries('package/')) {
    const { value } = entry as { readonly value?: { readonly index?: unknown } };
    const opened = value?.index instanceof Uint8Array ? openIndexRecord(value.index) : undefined;
    if (opened?.ok !== true) continue;
    const { record, bundles } = opened.record;
    const place = join(folder, 'packages', key.slice('package/'.length).replaceAll('/', '+'));
    try {
      writeDurably(join(place, 'record.cbor'), await read(content, record, signal), 0o644);
      for (const [at, bundle] of bundles.entries())
        writeDurably(join(place, `bundle-${at}.cbor`), await read(content, bundle, signal), 0o644);
      written += 1;
    } catch (error) {
      // What another member published and this node never fetched is shown by that member.
      if (!hasCode(error, 'stoq/content-missing')) throw error;
    }
  }
  return written;
}

async function read(content: ContentService, root: ContentRoot, signal: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of content.get(root, { signal })) parts.push(part);
  return concatBytes(...parts);
}
