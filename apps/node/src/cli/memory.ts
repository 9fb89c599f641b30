import { NodeError } from '../errors.ts';
import type { GivenGrant, LentRegion } from '../memory/lending.ts';
import type { UsableRegion } from '../memory/using.ts';
import { formatBytes } from './bytes.ts';
import {
  dataFlag,
  dryRunFlag,
  type Flag,
  type Group,
  type Invocation,
  isDryRun,
  type Positional,
} from './command.ts';
import { callNode, memberCalled } from './control.ts';

const whichAddress = (describe: string): Positional => ({
  name: 'ADDRESS',
  describe,
  required: true,
  accepts: { from: 'regions' },
});
const forFlag = (fallback: string): Flag => ({
  name: 'for',
  value: 'SECONDS',
  describe: 'how long',
  fallback,
  accepts: { whole: true, least: 1, most: 999_999_999 },
});
const hexFlag: Flag = { name: 'hex', describe: 'bytes in hex' };

export const memoryGroup: Group = {
  name: 'memory',
  summary: 'lend memory to other members, grant it, use theirs by global address, and take it back',
  commands: [
    {
      name: 'lend',
      summary: 'map a region of this node to a global address',
      positionals: [
        { name: 'BYTES', describe: 'how much', required: true, accepts: { whole: true, least: 1 } },
      ],
      flags: [dataFlag, dryRunFlag, forFlag('3600')],
      run: lend,
    },
    {
      name: 'grant',
      summary: 'let a member use lent memory',
      positionals: [whichAddress('of the region')],
      flags: [
        dataFlag,
        dryRunFlag,
        {
          name: 'to',
          value: 'NODE',
          describe: 'who may use it: a name or an id; needed',
          accepts: { from: 'members' },
        },
        { name: 'rights', value: 'RIGHTS', describe: 'r(ead), w(rite), a(tomics)', fallback: 'rwa' },
        forFlag('as long as the region'),
      ],
      run: grant,
    },
    {
      name: 'read',
      summary: 'read bytes at a global address',
      positionals: [whichAddress('where')],
      flags: [
        dataFlag,
        {
          name: 'length',
          value: 'BYTES',
          describe: 'how much',
          fallback: '64',
          accepts: { whole: true, least: 1 },
        },
        hexFlag,
      ],
      run: read,
    },
    {
      name: 'write',
      summary: 'write text or bytes to a global address',
      positionals: [whichAddress('where'), { name: 'TEXT', describe: 'what is put there', required: true }],
      flags: [dataFlag, hexFlag],
      run: write,
    },
    {
      name: 'add',
      summary: 'add to the 8 bytes at a global address, in one step',
      positionals: [
        whichAddress('where'),
        { name: 'NUMBER', describe: 'what is added; after -- it may be below 0', required: true },
      ],
      flags: [dataFlag],
      run: add,
    },
    {
      name: 'revoke',
      summary: 'end a grant: when it returns nothing succeeds under it any more',
      positionals: [{ name: 'GRANT', describe: 'its id', required: true, accepts: { from: 'grants' } }],
      flags: [dataFlag],
      run: revoke,
    },
    {
      name: 'list',
      summary: 'show what is lent, granted and usable here',
      positionals: [],
      flags: [dataFlag],
      run: list,
    },
  ],
};

/** Seconds of `--for` in milliseconds. */
function forMs({ flags }: Invocation): { forMs?: string } {
  const given = flags['for'];
  return typeof given === 'string' ? { forMs: `${given}000` } : {};
}

async function lend(invocation: Invocation): Promise<object> {
  const [bytes = ''] = invocation.positionals;
  if (isDryRun(invocation)) return await planLend(invocation, Number(bytes));
  const region = await callNode<LentRegion>(invocation, 'memory-lend', { bytes, ...forMs(invocation) });
  invocation.output.line(
    `lent ${formatBytes(region.sizeBytes)} at ${region.prefix}, final at block ${region.height}`,
  );
  return region;
}

async function grant(invocation: Invocation): Promise<object> {
  const [address = ''] = invocation.positionals;
  const { to, rights } = invocation.flags;
  if (typeof to !== 'string') {
    const next = `say who may use it: hypermesh memory grant ${address} --to NODE`;
    throw new NodeError({ code: 'node/bad-flag', flag: '--to', next }, '--to is missing');
  }
  if (isDryRun(invocation)) return await planGrant(invocation, address, to);
  const given = await callNode<GivenGrant>(invocation, 'memory-grant', {
    address,
    to,
    rights,
    ...forMs(invocation),
  });
  invocation.output.line(`granted ${given.rights} on ${given.address} to ${given.to}: ${given.grant}`);
  return given;
}

/** Asks the node's own policy whether it would lend so much. */
async function planLend(invocation: Invocation, bytes: number): Promise<object> {
  const { output } = invocation;
  const durationMs = Number(forMs(invocation).forMs ?? defaultLendMs);
  const found = await callNode<{
    granted: boolean;
    reasons: readonly { code: string; rule?: string; remedy?: string }[];
  }>(invocation, 'explain-claim', { memoryBytes: bytes, durationMs });
  output.line(
    `Would ${found.granted ? '' : 'NOT '}lend ${formatBytes(bytes)} for ${durationMs / 1000} s`,
    found.granted ? undefined : 'bad',
  );
  for (const { code, rule, remedy } of found.reasons) output.line(`  ${rule ?? code}: ${remedy ?? ''}`);
  output.line('  shared   with every member: that a region of this size is lent here; its bytes with nobody');
  return { dryRun: true, ok: found.granted, bytes, durationMs, reasons: found.reasons };
}

async function planGrant(invocation: Invocation, address: string, to: string): Promise<object> {
  const { output, flags } = invocation;
  const member = await memberCalled(invocation, to);
  const { regions } = await callNode<{ regions: readonly LentRegion[] }>(invocation, 'memory-list', {});
  const region = regions.find((each) => each.address === address);
  if (region === undefined) {
    const next = 'hypermesh memory list shows what is lent';
    throw new NodeError(
      { code: 'node/not-found', what: address, next },
      `No region of this node begins at ${address}`,
    );
  }
  const { rights = 'rwa' } = flags;
  const until = Math.min(region.expiresMs, Date.now() + Number(forMs(invocation).forMs ?? Infinity));
  output.line(`Would let ${member.name} use ${region.prefix} (${formatBytes(region.sizeBytes)}): ${rights}`);
  output.line(`  until    ${new Date(until).toISOString()}, or until you revoke it`);
  output.line(`  shared   with ${member.name} alone: the bytes; with every member: that it is granted`);
  return { dryRun: true, address, to: member.name, rights, sizeBytes: region.sizeBytes, untilMs: until };
}

/** How long memory is lent unless somebody says otherwise. */
const defaultLendMs = 3_600_000;

async function read(invocation: Invocation): Promise<object> {
  const [address = ''] = invocation.positionals;
  const { length = '64', hex } = invocation.flags;
  const result = await callNode<{ bytes: string }>(invocation, 'memory-read', { address, length });
  const bytes = Buffer.from(result.bytes, 'hex');
  invocation.output.line(hex === true ? result.bytes : bytes.toString('utf8').replace(/\0+$/, ''));
  return result;
}

async function write(invocation: Invocation): Promise<object> {
  const [address = '', value = ''] = invocation.positionals;
  const bytes = invocation.flags['hex'] === true ? value : Buffer.from(value).toString('hex');
  const result = await callNode<{ written: number }>(invocation, 'memory-write', { address, bytes });
  invocation.output.line(`wrote ${result.written} bytes at ${address}`);
  return result;
}

async function add(invocation: Invocation): Promise<object> {
  const [address = '', delta = ''] = invocation.positionals;
  const result = await callNode<{ before: string }>(invocation, 'memory-add', { address, delta });
  invocation.output.line(`it was ${result.before}`);
  return result;
}

async function revoke(invocation: Invocation): Promise<object> {
  const [id = ''] = invocation.positionals;
  const ended = await callNode<GivenGrant>(invocation, 'memory-revoke', { grant: id });
  invocation.output.line(`revoked: nothing succeeds under ${id} any more; final at block ${ended.height}`);
  return ended;
}

async function list(invocation: Invocation): Promise<object> {
  const found = await callNode<{
    regions: readonly LentRegion[];
    grants: readonly GivenGrant[];
    usable: readonly UsableRegion[];
  }>(invocation, 'memory-list', {});
  const { line } = invocation.output;
  const until = (expiresMs: number) => new Date(expiresMs).toISOString();
  for (const { prefix, expiresMs } of found.regions) line(`lent    ${prefix}  until ${until(expiresMs)}`);
  for (const { grant: id, address, to, rights, isRevoked } of found.grants)
    line(`granted ${address}  ${rights} to ${to}  ${id}${isRevoked ? '  revoked' : ''}`);
  for (const { address, home, rights, sizeBytes } of found.usable)
    line(`usable  ${address}  ${rights} ${formatBytes(sizeBytes)} of ${home}`);
  if (found.regions.length + found.grants.length + found.usable.length === 0)
    line('nothing is lent, granted or usable here');
  return found;
}
