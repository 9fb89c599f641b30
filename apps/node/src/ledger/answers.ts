import { committedBytes, headerHash, type PlotGroup } from '@hypermesh/consensus';
import { type Clock, type NodeId, nodeIdOf, type OperationId, toHex } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import type { FinalityFigures } from './finality.ts';
import type { BlockFacts, LedgerHistory, OperationFacts } from './history.ts';
import { blockIntervalMs, heartbeatMs } from './options.ts';
import type { LedgerService } from './service.ts';
import type { SubmissionFacts, Submissions } from './submissions.ts';

/** What the answers about the ledger are made from. */
export interface LedgerFactParts {
  readonly ledger: LedgerService;
  readonly history: LedgerHistory;
  readonly submissions: Submissions;
  readonly members: ReadonlyMap<NodeId, { readonly name: string }>;
  readonly self: NodeId;
  readonly clock: Clock;
  isConnected(node: NodeId): boolean;
  secondVotesSeen(): number;
}

/** A block as people see it: members by their names. */
export interface BlockLine extends Omit<BlockFacts, 'proposer' | 'signers'> {
  readonly proposer: string;
  readonly signers: readonly string[];
}

/** An operation as people see it; `account` is the NodeId of the member `by` whom it was made. */
export interface OperationLine extends Omit<OperationFacts, 'actor'> {
  readonly by: string;
  readonly account: NodeId;
}

const nameIn = ({ members }: Pick<LedgerFactParts, 'members'>, node: NodeId): string =>
  members.get(node)?.name ?? node;

const validatorName = (parts: LedgerFactParts, index: number): string => {
  const node = parts.ledger.validators[index];
  return node === undefined ? `validator ${index}` : nameIn(parts, node);
};

/** An operation with names. */
export function operationLine(parts: LedgerFactParts, facts: OperationFacts): OperationLine {
  const { actor, ...rest } = facts;
  const account = nodeIdOf(actor);
  return { ...rest, by: nameIn(parts, account), account };
}

function blockLine(parts: LedgerFactParts, { proposer, signers, ...rest }: BlockFacts): BlockLine {
  const named = signers.map((index) => validatorName(parts, index));
  return { ...rest, proposer: validatorName(parts, proposer), signers: named };
}

/** The ledger at a glance. */
export async function ledgerSummary(parts: LedgerFactParts, profileMeaning: string) {
  const { ledger, history, members } = parts;
  const status = ledger.validator.status();
  const { height, appliedHeight, view, leader, validators, quorum, pendingTxs, isCatchingUp } = status;
  const header = appliedHeight === 0 ? undefined : await ledger.validator.header(appliedHeight);
  const last =
    header === undefined
      ? null
      : { height: header.height, hash: toHex(headerHash(header)), timeMs: header.timeMs };
  return {
    ...{ chain: ledger.chainId, profile: ledger.genesis.profile, profileMeaning, height, appliedHeight },
    ...{ indexedHeight: history.height(), view, leader: validatorName(parts, leader), validators, quorum },
    ...{ faultsTolerated: validators - quorum, members: members.size },
    operations: history.kinds().reduce((sum, { count }) => sum + count, 0),
    ...{ pending: pendingTxs, isCatchingUp, genesisMs: ledger.genesis.createdMs },
    ...{ blockIntervalMs, heartbeatMs, secondVotesSeen: parts.secondVotesSeen(), last },
    finality: rounded(ledger.finality()),
  };
}

function rounded(figures: FinalityFigures | undefined): FinalityFigures | null {
  if (figures === undefined) return null;
  const tenth = (value: number) => Math.round(value * 10) / 10;
  const { samples, lastMs, p50Ms, p90Ms, p99Ms, maxMs } = figures;
  const [last, p50, p90, p99, max] = [lastMs, p50Ms, p90Ms, p99Ms, maxMs].map(tenth);
  return {
    ...{ samples, lastMs: last ?? 0, p50Ms: p50 ?? 0, p90Ms: p90 ?? 0, p99Ms: p99 ?? 0, maxMs: max ?? 0 },
  };
}

const windowBlocks = 100;

/** The validators, their stakes, and what they did in the last blocks. */
export function validatorList(parts: LedgerFactParts) {
  const { ledger, history, self } = parts;
  const { quorum, validators, leader } = ledger.validator.status();
  const recent = history.blocks(windowBlocks);
  return {
    ...{ quorum, faultsTolerated: validators - quorum, window: recent.length },
    validators: ledger.validators.map((nodeId, index) => {
      const member = ledger.genesis.members.find(({ key }) => nodeIdOf(key) === nodeId);
      const key = member?.key ?? new Uint8Array();
      const bond = ledger.ledger.get(`bond/${toHex(key)}`) as unknown as
        | { power: bigint | number; status: string; renewedMs: number; sequence: number }
        | undefined;
      const space = ledger.ledger.get(`space/${toHex(key)}`) as unknown as
        | { groups: readonly PlotGroup[] }
        | undefined;
      const signed = recent.filter(({ signers }) => signers.includes(index));
      return {
        ...{ index, name: validatorName(parts, index), nodeId, key: toHex(key) },
        power: String(bond?.power ?? 0),
        bond: bond?.status ?? 'unbonded',
        renewedMs: Number(bond?.renewedMs ?? 0),
        sequence: Number(bond?.sequence ?? 0),
        spaceBytes: Number(committedBytes(space?.groups ?? [])),
        plots: (space?.groups ?? []).map(({ id, k, count }) => ({ id, k, count })),
        ...{ self: nodeId === self, connected: nodeId === self || parts.isConnected(nodeId) },
        leads: index === leader,
        proposed: recent.filter(({ proposer }) => proposer === index).length,
        signed: signed.length,
        lastSignedHeight: signed[0]?.height ?? null,
      };
    }),
  };
}

/** A page of blocks, newest first. */
export function blockPage(
  parts: LedgerFactParts,
  { before, limit = 50 }: { readonly before?: number | undefined; readonly limit?: number | undefined },
) {
  const blocks = parts.history.blocks(limit, before);
  const last = blocks.at(-1)?.height ?? 1;
  return {
    blocks: blocks.map((block) => blockLine(parts, block)),
    height: parts.history.height(),
    next: last > 1 ? last : null,
  };
}

/** One block with what its header binds and its operations. Throws `node/not-found` above the last one. */
export async function blockAt(parts: LedgerFactParts, height: number) {
  const { ledger, history } = parts;
  const found = history.block(height);
  const header = await ledger.validator.header(height);
  const proof = await ledger.validator.proof(height);
  if (found === undefined || header === undefined || proof === undefined) {
    throw new NodeError(
      { code: 'node/not-found', what: `block ${height}`, next: `the last one is ${history.height()}` },
      `There is no final block ${height} here`,
    );
  }
  const certified = proof.descendants.at(-1) ?? proof.header;
  const entries = history.operations({ before: { height: height + 1, index: -1 }, limit: found.operations });
  return {
    ...blockLine(parts, found),
    parent: toHex(header.parent),
    stateHeight: header.stateHeight,
    stateRoot: toHex(header.stateRoot),
    txRoot: toHex(header.txRoot),
    certifiedBy: { height: certified.height, view: proof.certificate.view },
    entries: entries
      .filter((each) => each.height === height)
      .map((each) => operationLine(parts, each))
      .reverse(),
  };
}

/** A page of operations, newest first; `before` is the `next` of the page before. */
export function operationPage(
  parts: LedgerFactParts,
  query: {
    readonly kind?: string | undefined;
    readonly account?: string | undefined;
    readonly before?: string | undefined;
    readonly limit?: number | undefined;
  },
) {
  const { kind, account, before, limit = 50 } = query;
  const place = before === undefined ? undefined : placeIn(before);
  const found = parts.history.operations({
    limit: limit + 1,
    ...(kind === undefined ? {} : { kind }),
    ...(account === undefined ? {} : { actor: keyOfMember(parts, account) }),
    ...(place === undefined ? {} : { before: place }),
  });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    operations: page.map((each) => operationLine(parts, each)),
    next: found.length > limit && last !== undefined ? `${last.height}.${last.index}` : null,
    kinds: parts.history.kinds(),
  };
}

function placeIn(text: string): { readonly height: number; readonly index: number } {
  const [, height, index] = /^(\d{1,15})\.(\d{1,9})$/.exec(text) ?? [];
  if (height !== undefined && index !== undefined) return { height: Number(height), index: Number(index) };
  throw new NodeError(
    { code: 'node/bad-flag', flag: 'before', next: 'give the `next` of the page before' },
    `${text.slice(0, 40)} is no place in the ledger`,
  );
}

function keyOfMember({ ledger, members }: LedgerFactParts, nameOrId: string): Uint8Array {
  for (const { key } of ledger.genesis.members) {
    const node = nodeIdOf(key);
    if (node === nameOrId || members.get(node)?.name === nameOrId) return key;
  }
  const names = [...members.values()].map(({ name }) => name).join(', ');
  throw new NodeError(
    { code: 'node/not-found', what: nameOrId, next: `members: ${names}` },
    `No member is called ${nameOrId}`,
  );
}

/** Where an operation is: what was handed in here and not waited for, or what the ledger has. Throws `node/not-found`. */
export function operationStatus(parts: LedgerFactParts, id: string): SubmissionFacts {
  const known = parts.submissions.status(id);
  const record = parts.ledger.ledger.operation(id as OperationId);
  // What is final is final, whatever was said of a proof that it was handed in with.
  if (record === undefined && known !== undefined) return known;
  if (record === undefined) {
    throw new NodeError(
      { code: 'node/not-found', what: id, next: 'see the newest operations: hypermesh ledger operations' },
      `No operation ${id.slice(0, 100)} was handed in here, and none is final`,
    );
  }
  const { submittedMs, decidedMs } = known ?? {};
  const times = {
    ...(submittedMs === undefined ? {} : { submittedMs }),
    ...(decidedMs === undefined ? {} : { decidedMs }),
  };
  const { height, kind, code } = record;
  return code === 'ok'
    ? { id, status: 'valid', kind, height, ...times }
    : { id, status: 'invalid', kind, height, leg: 'ledger', reason: code, ...times };
}
