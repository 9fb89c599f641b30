import { writeFileSync } from 'node:fs';
import type { Result } from '@hypermesh/client';
import { fromHex } from '@hypermesh/core';
import { dataFlag, type Flag, type Group, type Invocation } from './command.ts';
import { callNode } from './control.ts';

const limitFlag: Flag = {
  name: 'limit',
  value: 'N',
  describe: 'most lines that are shown',
  fallback: '20',
  accepts: { whole: true, least: 1, most: 200 },
};
const outFlag: Flag = {
  name: 'out',
  value: 'FILE',
  describe: 'write the proof that it is final to a file, for `ledger verify`',
  accepts: { file: true },
};

export const ledgerGroup: Group = {
  name: 'ledger',
  summary: 'blocks, operations and what they proved, validators, and proofs to take away',
  commands: [
    {
      name: 'status',
      summary: 'show how far the ledger is, and how quickly blocks become final',
      positionals: [],
      flags: [dataFlag],
      run: status,
    },
    {
      name: 'blocks',
      summary: 'list the newest blocks, or those below a height',
      positionals: [],
      flags: [
        dataFlag,
        limitFlag,
        {
          name: 'before',
          value: 'HEIGHT',
          describe: 'only blocks below this height',
          accepts: { whole: true, least: 1 },
        },
      ],
      run: blocks,
    },
    {
      name: 'block',
      summary: 'show one block and its operations',
      positionals: [
        { name: 'HEIGHT', describe: 'which block', required: true, accepts: { whole: true, least: 1 } },
      ],
      flags: [dataFlag, outFlag],
      examples: ['hypermesh ledger block 1 --out block-1.proof'],
      run: block,
    },
    {
      name: 'operations',
      summary: 'list the newest operations, of one kind or one member',
      positionals: [],
      flags: [
        dataFlag,
        limitFlag,
        { name: 'kind', value: 'KIND', describe: 'only this kind, such as lease.commit' },
        { name: 'by', value: 'NODE', describe: 'only those of this member', accepts: { from: 'members' } },
        { name: 'before', value: 'PLACE', describe: 'only those below the `next` of a page' },
      ],
      run: operations,
    },
    {
      name: 'operation',
      summary: 'show where an operation is, and what each leg of its proof shows, verified again',
      details: 'Exit code 1 where it was refused.',
      positionals: [{ name: 'ID', describe: 'which operation', required: true }],
      flags: [dataFlag, outFlag],
      run: operation,
    },
    {
      name: 'validators',
      summary: 'show the validators, their stakes, and what they did in the last blocks',
      positionals: [],
      flags: [dataFlag],
      run: validators,
    },
    {
      name: 'verify',
      summary: 'check a proof from a file without any node: the light client',
      details: 'Trusts the genesis alone. Exit code 1 where the proof does not hold.',
      positionals: [
        {
          name: 'FILE',
          describe: 'what --out wrote',
          required: true,
          accepts: { file: true },
        },
      ],
      flags: [
        dataFlag,
        {
          name: 'genesis',
          value: 'FILE',
          describe: 'the genesis of the mesh',
          fallback: 'that of --data',
          accepts: { file: true },
        },
      ],
      examples: ['hypermesh ledger verify block-1.proof'],
      run: async (invocation) => (await import('./ledger-verify.ts')).verifyProofFile(invocation),
    },
  ],
};

const timeOf = (ms: number): string => new Date(ms).toISOString();

async function status(invocation: Invocation): Promise<object> {
  const { output } = invocation;
  const ledger = await callNode<Result<'ledger'>>(invocation, 'ledger', {});
  output.line(`Ledger ${ledger.chain}`);
  output.line(`  profile    ${ledger.profile}: ${ledger.profileMeaning}`);
  output.line(`  block      ${ledger.height} in view ${ledger.view}, ${ledger.leader} leads`);
  if (ledger.last !== null) output.line(`  last       ${timeOf(ledger.last.timeMs)}  ${ledger.last.hash}`);
  output.line(
    `  validators ${ledger.validators}, a quorum is ${ledger.quorum}, ${ledger.faultsTolerated} may fail`,
  );
  output.line(`  operations ${ledger.operations} final, ${ledger.pending} waiting`);
  const { finality } = ledger;
  if (finality !== null) {
    const { p50Ms, p90Ms, p99Ms, samples } = finality;
    output.line(
      `  finality   half within ${p50Ms} ms, 90 % ${p90Ms} ms, 99 % ${p99Ms} ms (${samples} blocks)`,
    );
  }
  if (ledger.isCatchingUp) output.line('  This node is catching up.', 'faint');
  return ledger;
}

async function blocks(invocation: Invocation): Promise<object> {
  const { flags, output } = invocation;
  const page = await callNode<Result<'blocks'>>(invocation, 'blocks', {
    limit: Number(flags['limit'] ?? 20),
    ...(flags['before'] === undefined ? {} : { before: Number(flags['before']) }),
  });
  for (const { height, timeMs, proposer, signers, operations: count, bytes, hash } of page.blocks) {
    const what = `${count} ${count === 1 ? 'operation' : 'operations'}, ${bytes} bytes`;
    output.line(
      `${height}  ${timeOf(timeMs)}  ${proposer} (${signers.join(', ')})  ${what}  ${hash.slice(0, 16)}`,
    );
  }
  return page;
}

async function block(invocation: Invocation): Promise<object> {
  const { positionals, output } = invocation;
  const height = Number(positionals[0]);
  const found = await callNode<Result<'block'>>(invocation, 'block', { height });
  output.line(`Block ${height}  ${found.hash}`);
  output.line(`  ${timeOf(found.timeMs)}, view ${found.view}, proposed by ${found.proposer}`);
  output.line(`  final by the votes of ${found.signers.join(', ')} (for block ${found.certifiedBy.height})`);
  output.line(`  parent ${found.parent}`);
  output.line(`  state  ${found.stateRoot} after block ${found.stateHeight}`);
  for (const { kind, by, code, id } of found.entries)
    output.line(`  ${kind} by ${by}: ${code}  ${id}`, code === 'ok' ? undefined : 'bad');
  return { ...found, ...(await exported(invocation, height)) };
}

async function operations(invocation: Invocation): Promise<object> {
  const { flags, output } = invocation;
  const { kind, by, before } = flags;
  const page = await callNode<Result<'operations'>>(invocation, 'operations', {
    limit: Number(flags['limit'] ?? 20),
    ...(kind === undefined ? {} : { kind }),
    ...(by === undefined ? {} : { account: by }),
    ...(before === undefined ? {} : { before }),
  });
  for (const each of page.operations) {
    const tone = each.code === 'ok' ? undefined : 'bad';
    const what = `${each.kind} by ${each.by}: ${each.code}`;
    output.line(`${each.height}  ${timeOf(each.timeMs)}  ${what}  ${each.id}`, tone);
  }
  if (page.next !== null) output.line(`Older ones: --before ${page.next}`, 'faint');
  return page;
}

async function operation(invocation: Invocation): Promise<object> {
  const { output } = invocation;
  const [id = ''] = invocation.positionals;
  const stands = await callNode<Result<'operation-status'>>(invocation, 'operation-status', { id });
  const why = stands.reason === undefined ? '' : `, ${stands.leg}: ${stands.reason}`;
  const tones = { valid: 'good', invalid: 'bad', pending: 'faint' } as const;
  output.line(`${stands.kind}  ${stands.status}${why}`, tones[stands.status]);
  if (stands.height === undefined) return { ...stands, ok: stands.status !== 'invalid' };
  const found = await callNode<Result<'operation'>>(invocation, 'operation', { id });
  output.line(`  by ${found.by}, its operation ${found.sequence}, in block ${found.height}`);
  const { proof } = found;
  const verdict = proof.ok ? 'holds' : `does not hold (${proof.refused?.leg}: ${proof.refused?.reason})`;
  output.line(`  its proof of ${proof.bytes} bytes ${verdict}, checked in ${proof.costMs.toFixed(1)} ms`);
  if (proof.legs !== null) for (const line of legLines(proof.legs)) output.line(`    ${line}`);
  const made = await exported(invocation, found.height, found.index);
  return { ...found, status: stands.status, ...made, ok: stands.status !== 'invalid' };
}

type Legs = NonNullable<Result<'operation'>['proof']['legs']>;

function legLines({ space, stake, work, time }: Legs): readonly string[] {
  const mark = ({ ok, reason }: { ok: boolean; reason?: string }) => (ok ? '+' : `- ${reason}:`);
  const kib = Number(space.committedBytes) / 1024;
  return [
    `${mark(space)} space  ${space.answers.length} of ${space.challenges} challenges answered (${space.needed} needed) by plots of ${kib.toFixed(0)} KiB`,
    `${mark(stake)} stake  a bond of ${stake.power} (${stake.status}) in the state of block ${stake.stateHeight}`,
    `${mark(work)} work   ${work.zeros} zero bits (${work.difficulty} needed) of argon2id over ${work.memoryKib} KiB, bound to this operation`,
    `${mark(time)} time   ${time.iterations} squarings since block ${time.anchor.height}, which was ${(time.anchorAgeMs / 1000).toFixed(1)} s old`,
  ];
}

async function validators(invocation: Invocation): Promise<object> {
  const { output } = invocation;
  const found = await callNode<Result<'validators'>>(invocation, 'validators', {});
  output.line(
    `A quorum is ${found.quorum} of ${found.validators.length}; ${found.faultsTolerated} may fail. Counted in the last ${found.window} blocks:`,
  );
  for (const each of found.validators) {
    const link = each.self ? 'this node' : each.connected ? 'connected' : 'not connected';
    output.line(
      `  ${each.name}: proposed ${each.proposed}, signed ${each.signed}; bond ${each.power} (${each.bond}); ${each.spaceBytes} bytes of plots; ${link}`,
      each.self || each.connected ? undefined : 'bad',
    );
  }
  return found;
}

/** Writes the proof of a place in the ledger where `--out` names a file. */
async function exported(invocation: Invocation, height: number, index?: number): Promise<object> {
  const { out } = invocation.flags;
  if (typeof out !== 'string') return {};
  const { proof } = await callNode<Result<'proof'>>(invocation, 'proof', {
    height,
    ...(index === undefined ? {} : { index }),
  });
  const bytes = fromHex(proof);
  if (!bytes.ok) throw new TypeError('a proof is hex');
  writeFileSync(out, bytes.bytes);
  invocation.output.line(`  proof written to ${out}: hypermesh ledger verify ${out}`);
  return { out };
}
