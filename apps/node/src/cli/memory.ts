import { NodeError } from '../errors.ts';
import type { GivenGrant, LentRegion } from '../memory/lending.ts';
import type { UsableRegion } from '../memory/using.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag, type Invocation } from './command.ts';
import { callNode } from './control.ts';

/** What each action takes after its name, and what it does. */
const actions: Readonly<
  Record<
    string,
    { readonly takes: string; run(invocation: Invocation, first: string, second: string): Promise<object> }
  >
> = {
  lend: { takes: 'BYTES', run: lend },
  grant: { takes: 'ADDRESS', run: grant },
  read: { takes: 'ADDRESS', run: read },
  write: { takes: 'ADDRESS TEXT', run: write },
  add: { takes: 'ADDRESS NUMBER', run: add },
  revoke: { takes: 'GRANT', run: revoke },
  list: { takes: '', run: list },
};

export const memoryCommand: Command = {
  name: 'memory',
  summary: 'lend memory to other members, grant it, use theirs by global address, and take it back',
  details: [
    'lend BYTES           map a region of this node to a global address; --for says how long',
    'grant ADDRESS        let a member use it: --to NODE, with --rights of r, w and a',
    'read ADDRESS         --length bytes from there; write ADDRESS TEXT puts text there',
    'add ADDRESS NUMBER   add to the 8 bytes there, in one step',
    'revoke GRANT         end a grant; when it returns nothing succeeds under it any more',
    'list                 what is lent, granted and usable here',
  ].join('\n'),
  positionals: [
    { name: 'ACTION', describe: Object.keys(actions).join(', '), required: true },
    { name: 'WHAT', describe: 'an address, a grant or a number of bytes', required: false },
    { name: 'VALUE', describe: 'what to write or add', required: false },
  ],
  flags: [
    dataFlag,
    { name: 'to', value: 'NODE', describe: 'who may use it: a name or an id' },
    { name: 'rights', value: 'RIGHTS', describe: 'r(ead), w(rite), a(tomics)', fallback: 'rwa' },
    {
      name: 'for',
      value: 'SECONDS',
      describe: 'how long',
      fallback: '3600 for a region, all of it for a grant',
    },
    { name: 'length', value: 'BYTES', describe: 'how much to read', fallback: '64' },
    { name: 'hex', describe: 'bytes in hex, to write and to show' },
  ],
  async run(invocation) {
    const [name = '', first, second] = invocation.positionals;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined) throw wrong('ACTION', `one of ${Object.keys(actions).join(', ')}`);
    const wanted = action.takes === '' ? 0 : action.takes.split(' ').length;
    if (invocation.positionals.length !== wanted + 1)
      throw wrong(name, `hypermesh memory ${name} ${action.takes}`.trim());
    return await action.run(invocation, first ?? '', second ?? '');
  },
};

const wrong = (flag: string, expected: string): NodeError =>
  new NodeError({ code: 'node/bad-flag', flag, next: `give ${expected}` }, `Cannot use ${flag} like this`);

/** Seconds of `--for` in milliseconds. */
function forMs({ flags }: Invocation): { forMs?: string } {
  const given = flags['for'];
  if (given === undefined) return {};
  if (typeof given === 'string' && /^[1-9]\d{0,8}$/.test(given)) return { forMs: `${given}000` };
  throw wrong('--for', 'a whole number of seconds');
}

async function lend(invocation: Invocation, bytes: string): Promise<object> {
  const region = await callNode<LentRegion>(invocation, 'memory-lend', { bytes, ...forMs(invocation) });
  invocation.output.line(
    `lent ${formatBytes(region.sizeBytes)} at ${region.prefix}, final at block ${region.height}`,
  );
  return region;
}

async function grant(invocation: Invocation, address: string): Promise<object> {
  const { to, rights } = invocation.flags;
  if (typeof to !== 'string') throw wrong('--to', 'the member who may use it');
  const given = await callNode<GivenGrant>(invocation, 'memory-grant', {
    address,
    to,
    rights,
    ...forMs(invocation),
  });
  invocation.output.line(`granted ${given.rights} on ${given.address} to ${given.to}: ${given.grant}`);
  return given;
}

async function read(invocation: Invocation, address: string): Promise<object> {
  const { length = '64', hex } = invocation.flags;
  const result = await callNode<{ bytes: string }>(invocation, 'memory-read', { address, length });
  const bytes = Buffer.from(result.bytes, 'hex');
  invocation.output.line(hex === true ? result.bytes : bytes.toString('utf8').replace(/\0+$/, ''));
  return result;
}

async function write(invocation: Invocation, address: string, value: string): Promise<object> {
  const bytes = invocation.flags['hex'] === true ? value : Buffer.from(value).toString('hex');
  const result = await callNode<{ written: number }>(invocation, 'memory-write', { address, bytes });
  invocation.output.line(`wrote ${result.written} bytes at ${address}`);
  return result;
}

async function add(invocation: Invocation, address: string, delta: string): Promise<object> {
  const result = await callNode<{ before: string }>(invocation, 'memory-add', { address, delta });
  invocation.output.line(`it was ${result.before}`);
  return result;
}

async function revoke(invocation: Invocation, id: string): Promise<object> {
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
