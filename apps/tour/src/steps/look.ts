import { readFile } from 'node:fs/promises';
import { type Client, createClient } from '@hypermesh/client';
import { dashboardLink, dataDirectory } from '@hypermesh/node/control';
import type { NodeProcess } from '../node-process.ts';
import type { StepResult, TourContext } from '../tour.ts';

/** Where a node's pages and its API are, with the token that can only look. */
async function lookingAt(node: NodeProcess): Promise<{ readonly url: string; readonly client: Client }> {
  const paths = dataDirectory(node.directory);
  const { url } = JSON.parse(await readFile(paths.apiAddress, 'utf8')) as { readonly url: string };
  const token = (await readFile(paths.apiReadToken, 'utf8')).trim();
  return { url, client: createClient({ url, token }) };
}

/** The link to a node's pages, with the token that can do what its owner can. */
export async function pagesOf(node: NodeProcess): Promise<string> {
  const paths = dataDirectory(node.directory);
  const { url } = JSON.parse(await readFile(paths.apiAddress, 'utf8')) as { readonly url: string };
  return dashboardLink(url, (await readFile(paths.apiToken, 'utf8')).trim());
}

/**
 * The node that had the package run is looked at as its pages do it: by the API, with the token that can only read. A block that is
 * made meanwhile is heard of without asking; whoever has no token learns nothing, and the token for reading changes nothing.
 */
export async function lookStep({ mesh, progress, signal }: TourContext): Promise<StepResult> {
  const [, asker, , other] = mesh;
  const { url, client } = await lookingAt(asker);
  const page = await fetch(url, { signal });
  const isServed =
    page.ok && (page.headers.get('content-security-policy') ?? '').startsWith("default-src 'none'");

  const [ledger, operations, runs, assets, links] = await Promise.all([
    client.call('ledger', {}, { signal }),
    client.call('operations', { limit: 1 }, { signal }),
    client.call('runs', {}, { signal }),
    client.call('assets', {}, { signal }),
    client.call('topology', {}, { signal }),
  ]);
  const count = operations.kinds.reduce((sum, kind) => sum + kind.count, 0);
  const connected = links.members.filter((member) => member.connected).length;
  progress.fact(
    `${asker.name} shows ${ledger.height} blocks, ${count} operations, ${assets.own.length + assets.ledger.length} assets, ${runs.runs.length} runs, ${connected} links`,
  );

  const heard = await hearOfBlock(client, other, signal);
  progress.fact(`block ${heard} was heard of as it was made, without asking`);
  const stranger = await fetch(`${url}/v1/ledger`, { signal });
  const meddler = await client.call('transfer', { to: other.name, amount: 1 }, { signal }).then(
    () => 'done',
    (error: { readonly code?: string }) => error.code,
  );
  progress.fact(`without a token: ${stranger.status}; a transfer with the token for looking: ${meddler}`);
  const ok = isServed && count > 0 && runs.runs.length > 0 && connected > 0 && stranger.status === 401;
  return { ok: ok && meddler === 'node/read-only', url, blocks: ledger.height, operations: count, heard };
}

/** Follows blocks until one brings an operation that another node ordered meanwhile; answers its height. */
async function hearOfBlock(client: Client, other: NodeProcess, signal: AbortSignal): Promise<number> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
  const opened = Promise.withResolvers<void>();
  const events = client.events(['blocks'], {
    signal: until,
    onOpen: (isOpen) => {
      if (isOpen) opened.resolve();
    },
  });
  const height = (async () => {
    for await (const event of events) {
      if (event.topic === 'blocks' && event.data.type === 'block' && event.data.operations > 0)
        return event.data.height;
    }
    throw new Error('no block was heard of');
  })();
  height.catch(opened.reject);
  await opened.promise;
  await other.call('register-asset', { note: 'somebody looks' }, { signal });
  return height;
}
