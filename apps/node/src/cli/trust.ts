import { readFileSync } from 'node:fs';
import type { Result } from '@hypermesh/client';
import { NodeError } from '../errors.ts';
import { dataFlag, type Group, type Invocation } from './command.ts';
import { callNode } from './control.ts';

export const trustGroup: Group = {
  name: 'trust',
  summary: 'who is who: root, certificates, the transparency log, names',
  commands: [
    {
      name: 'show',
      summary: "show the root, the authority, this node's certificate and revocations",
      positionals: [],
      flags: [dataFlag],
      run: show,
    },
    {
      name: 'certificates',
      summary: 'list the certificates that members showed in their sessions',
      positionals: [],
      flags: [dataFlag],
      run: certificates,
    },
    {
      name: 'log',
      summary: "list the newest entries of the mesh's log, each shown to be in it",
      positionals: [],
      flags: [
        dataFlag,
        {
          name: 'limit',
          value: 'N',
          describe: 'most entries that are shown',
          fallback: '20',
          accepts: { whole: true, least: 1, most: 100 },
        },
        {
          name: 'before',
          value: 'INDEX',
          describe: 'only entries below this one',
          accepts: { whole: true, least: 1 },
        },
      ],
      run: log,
    },
    {
      name: 'proof',
      summary: 'prove that an entry is in the log, and that the log only grew',
      positionals: [
        {
          name: 'INDEX',
          describe: 'which entry, from 0',
          required: true,
          accepts: { whole: true, least: 0 },
        },
      ],
      flags: [
        dataFlag,
        {
          name: 'since',
          value: 'FILE',
          describe: 'an older checkpoint: shows that the log grew out of it',
          accepts: { file: true },
        },
      ],
      run: proof,
    },
    {
      name: 'names',
      summary: 'list the names of this mesh, each record verified',
      positionals: [],
      flags: [dataFlag],
      run: names,
    },
    {
      name: 'resolve',
      summary: 'say what http3://NAME means: who signed it, until when, and where its page is',
      positionals: [
        { name: 'NAME', describe: 'a name, or an address such as http3://caesar', required: true },
      ],
      flags: [dataFlag],
      examples: ['hypermesh trust resolve http3://caesar'],
      run: resolve,
    },
  ],
};

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

async function show(invocation: Invocation): Promise<object> {
  const { output } = invocation;
  const trust = await callNode<Result<'trust'>>(invocation, 'trust', {});
  const { root, authority, self, revocations } = trust;
  output.line(`Root       ${root.fingerprint}`);
  output.line(`           ${root.subject}, until ${dayOf(root.notAfterMs)}`);
  output.line(
    `Authority  ${authority.subject}, until ${dayOf(authority.notAfterMs)}, on ${authority.founder}`,
  );
  output.line(`Log key    ${authority.logKey}`);
  const [leaf] = self.chain;
  if (leaf !== undefined) {
    output.line(`This node  ${leaf.subject}, until ${dayOf(leaf.notAfterMs)}`);
    output.line(
      `           ${leaf.key} and ${leaf.alternativeKey}; signed with ${leaf.signature} and ${leaf.alternativeSignature}`,
    );
  }
  const { lists, revoked, unreadable } = revocations;
  output.line(`Revoked    ${revoked.length} certificates by ${lists.length} lists`);
  if (unreadable > 0) output.line(`           ${unreadable} lists cannot be read`, 'bad');
  return trust;
}

async function certificates(invocation: Invocation): Promise<object> {
  const { members } = await callNode<Result<'trust'>>(invocation, 'trust', {});
  for (const { name, connected, certificate } of members) {
    const link = connected ? '' : ' (not connected)';
    if (certificate === null) invocation.output.line(`${name}${link}: no session with it since the start`);
    else
      invocation.output.line(
        `${name}${link}: until ${dayOf(certificate.notAfterMs)}  ${certificate.fingerprint}`,
      );
  }
  return { members };
}

async function log(invocation: Invocation): Promise<object> {
  const { flags, output } = invocation;
  const page = await callNode<Result<'trust-log'>>(invocation, 'trust-log', {
    limit: Number(flags['limit'] ?? 20),
    ...(flags['before'] === undefined ? {} : { before: Number(flags['before']) }),
  });
  output.line(`${page.origin}: ${page.size} entries, root ${page.root}`);
  for (const { index, kind, subject, timeMs } of page.entries)
    output.line(`  ${index}  ${kind}  ${subject ?? ''}${timeMs === null ? '' : `  from ${dayOf(timeMs)}`}`);
  output.line('Signature, growth since this node looked last, and the place of each entry hold', 'good');
  return page;
}

async function proof(invocation: Invocation): Promise<object> {
  const { flags, positionals, output } = invocation;
  const { since } = flags;
  const found = await callNode<Result<'trust-proof'>>(invocation, 'trust-proof', {
    index: Number(positionals[0]),
    ...(typeof since === 'string' ? { since: checkpointIn(since) } : {}),
  });
  output.line(`Entry ${found.index} (${found.kind}) is in the log of ${found.size} entries`, 'good');
  output.line(`  ${found.hashes.length} hashes lead from ${found.leafHash} to ${found.root}`);
  if (found.consistency !== undefined)
    output.line(`  which grew out of its first ${found.consistency.from} entries`, 'good');
  return found;
}

function checkpointIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new NodeError(
      { code: 'node/bad-flag', flag: '--since', next: 'give a file that holds a checkpoint of the log' },
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

async function names(invocation: Invocation): Promise<object> {
  const found = await callNode<Result<'names'>>(invocation, 'names', {});
  const width = Math.max(0, ...found.names.map(({ url }) => url.length));
  for (const { url, page, state, notAfterMs, ownerIs, sequence } of found.names) {
    const until = `${state}, until ${dayOf(notAfterMs)}`;
    const tone = state === 'valid' ? undefined : 'bad';
    invocation.output.line(
      `${url.padEnd(width)}  ${page}  ${until}, record ${sequence} of the ${ownerIs}`,
      tone,
    );
  }
  return found;
}

async function resolve(invocation: Invocation): Promise<object> {
  const { positionals, output } = invocation;
  const found = await callNode<Result<'resolve'>>(invocation, 'resolve', { name: positionals[0] });
  output.line(`${found.url} leads to ${found.page}${found.path}`, 'good');
  for (const { name, address } of found.nodes) output.line(`  on ${name} ${address ?? ''}`.trimEnd());
  output.line(`  signed by the ${found.ownerIs} ${found.owner}`);
  output.line(`  record ${found.sequence}, final in block ${found.height}, until ${dayOf(found.notAfterMs)}`);
  return found;
}
