import { decodeRecord, equalBytes, fromHex, type OperationId, type Verdict } from '@hypermesh/core';
import { verify as verifySignature } from '@hypermesh/core/ed25519';
import { verifyStateProof } from './ledger/state-tree.ts';
import { checkOperation, type Operation, type OperationReason } from './operation.ts';
import type { HeaderView } from './ports.ts';
import {
  bindingMessage,
  type CheckedProof,
  checkProof,
  contextOf,
  delayInput,
  legDigest,
  type PartName,
  type PartReason,
  puzzleInput,
  vrfInput,
} from './proof.ts';
import type { VerifyContext } from './proof-context.ts';
import { checkWindow, type WindowReason } from './proof-window.ts';
import {
  areGroups,
  committedBytes,
  type PlotGroup,
  spaceRecordSchema,
  subChallenge,
} from './space/commitment.ts';
import { registeredGroups } from './space/register.ts';
import { verifyPlotProof } from './space/verify.ts';
import { type Bond, type BondReason, bondKey, bondSchema, checkBond, spaceKey } from './stake/bond.ts';
import { verifyVrf } from './stake/vrf.ts';
import { vdf } from './time/vdf.ts';
import { verifyPuzzle } from './work/puzzle.ts';
import { type ReceiptReason, verifyReceipt } from './work/receipt.ts';

export type BindingReason =
  | PartReason
  | OperationReason
  | 'other-chain'
  | 'other-operation'
  | 'bad-signature';
export type SpaceReason =
  | PartReason
  | 'altered'
  | 'not-in-state'
  | 'bad-groups'
  | 'too-small'
  | 'too-few-answers'
  | 'unordered-answers'
  | 'wrong-answer';
export type StakeReason = PartReason | 'altered' | 'not-in-state' | BondReason | 'bad-vrf';
export type WorkReason = PartReason | 'altered' | 'too-easy' | ReceiptReason;
export type TimeReason = PartReason | 'altered' | WindowReason | 'too-short' | 'wrong-delay';

/** Why an operation is refused: the leg at fault, or the binding between operation and legs. */
export type OperationRefusal =
  | { readonly ok: false; readonly leg: 'space'; readonly reason: SpaceReason }
  | { readonly ok: false; readonly leg: 'stake'; readonly reason: StakeReason }
  | { readonly ok: false; readonly leg: 'work'; readonly reason: WorkReason }
  | { readonly ok: false; readonly leg: 'time'; readonly reason: TimeReason }
  | { readonly ok: false; readonly leg: 'binding'; readonly reason: BindingReason };

/** An operation whose four proofs hold, with what they show. */
export interface ProvenOperation {
  readonly ok: true;
  readonly id: OperationId;
  readonly operation: Operation;
  readonly anchor: { readonly height: number; readonly hash: Uint8Array };
  readonly claimedMs: number;
  readonly bondRenewedMs: number;
  readonly power: bigint;
  readonly committedBytes: bigint;
}

const refuse = <Leg extends PartName, Reason extends string>(leg: Leg, reason: Reason) =>
  ({ ok: false, leg, reason }) as const;

/** Gives the thread back between the parts that take milliseconds. */
const breathe = (): Promise<void> =>
  new Promise((resolve) => (globalThis.setImmediate ?? globalThis.setTimeout)(() => resolve()));

/** Each digest is that of its leg: names the leg that was exchanged or altered, for the price of a hash. */
export function checkDigests(parts: CheckedProof): OperationRefusal | undefined {
  const { space, time, work, stake, binding } = parts;
  const said = binding.part;
  if (!equalBytes(legDigest.space(said.context, space.bytes), said.space)) return refuse('space', 'altered');
  if (!equalBytes(legDigest.time(said.space, time.bytes), said.time)) return refuse('time', 'altered');
  if (!equalBytes(legDigest.work(said.time, work.bytes), said.work)) return refuse('work', 'altered');
  if (!equalBytes(legDigest.stake(said.work, stake.bytes), said.stake)) return refuse('stake', 'altered');
  return undefined;
}

/** The actor's bond in the state that a header names, without its VRF. */
export function checkStake(
  operation: Operation,
  parts: CheckedProof,
  against: { readonly header: HeaderView; readonly context: VerifyContext },
): Verdict<{ bond: Bond }, StakeReason> {
  const { record, path } = parts.stake.part;
  const { header, context } = against;
  const key = bondKey(operation.actor);
  if (!verifyStateProof({ key, value: record, path }, header.stateRoot).ok)
    return { ok: false, reason: 'not-in-state' };
  const decoded = decodeRecord(bondSchema, record);
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  const { minimumPower, maxBondAgeMs } = context.profile;
  const verdict = checkBond(decoded.value, {
    actor: operation.actor,
    powers: [minimumPower, operation.needs.power],
    maxAgeMs: maxBondAgeMs,
    nowMs: context.nowMs,
  });
  return verdict.ok ? { ok: true, bond: decoded.value } : verdict;
}

function groupsOf(
  operation: Operation,
  parts: CheckedProof,
  header: HeaderView,
): Verdict<{ groups: readonly PlotGroup[] }, SpaceReason> {
  const { record, path } = parts.space.part;
  const registered = registeredGroups(operation);
  if (registered !== undefined) {
    if (record.length > 0 || path.length > 0) return { ok: false, reason: 'malformed' };
    return registered.length > 0 ? { ok: true, groups: registered } : { ok: false, reason: 'bad-groups' };
  }
  const key = spaceKey(operation.actor);
  if (!verifyStateProof({ key, value: record, path }, header.stateRoot).ok)
    return { ok: false, reason: 'not-in-state' };
  const decoded = decodeRecord(spaceRecordSchema, record);
  if (!decoded.ok || !areGroups(decoded.value.groups)) return { ok: false, reason: 'bad-groups' };
  return { ok: true, groups: decoded.value.groups };
}

/** An answer of a plot that holds: what was asked of which plot, and the quality (32 bytes) of what it answered. */
export interface SpaceAnswer {
  readonly j: number;
  readonly plotId: Uint8Array;
  readonly k: number;
  readonly challenge: Uint8Array;
  readonly quality: Uint8Array;
}

/** The actor's commitment in the state that a header names, and its plots' answers. */
export function checkSpace(
  operation: Operation,
  parts: CheckedProof,
  against: { readonly header: HeaderView; readonly context: VerifyContext },
): Verdict<{ committed: bigint; answers: readonly SpaceAnswer[] }, SpaceReason> {
  const { header, context } = against;
  const { profile } = context;
  const found = groupsOf(operation, parts, header);
  if (!found.ok) return found;
  const { groups } = found;
  if (groups.some((group) => group.k < profile.minimumK)) return { ok: false, reason: 'bad-groups' };
  const committed = committedBytes(groups);
  const { spaceBytes } = operation.needs;
  if (committed < profile.minimumSpaceBytes || committed < spaceBytes)
    return { ok: false, reason: 'too-small' };
  const { answers } = parts.space.part;
  if (answers.length < profile.minimumAnswers) return { ok: false, reason: 'too-few-answers' };
  const { chain, actor, sequence } = operation;
  const seed = { chain, actor, sequence, anchor: parts.time.part.anchor };
  const held: SpaceAnswer[] = [];
  let last = -1;
  for (const { j, proof } of answers) {
    if (j <= last || j >= profile.challenges) return { ok: false, reason: 'unordered-answers' };
    last = j;
    const asked = subChallenge(seed, groups, j);
    const answer = verifyPlotProof({ ...asked, proof });
    if (!answer.ok) return { ok: false, reason: 'wrong-answer' };
    held.push({ j, ...asked, quality: answer.quality });
  }
  return { ok: true, committed, answers: held };
}

/**
 * Whether an operation's four proofs hold, and which one does not. `operation` and `proof` are values or their
 * canonical bytes, from anywhere: never throws for them, nor for what `context` holds of chain, times and headers, and
 * works in bounds. Cheap checks come first: form, window,
 * signature, digests and context, then stake, space, puzzle, VRF and delay; about 10 ms in all, given back to the
 * thread in pieces of some milliseconds. Rejects only with `context.signal`'s reason or where a port does.
 */
export async function verifyOperation(
  operation: unknown,
  proof: unknown,
  context: VerifyContext,
): Promise<ProvenOperation | OperationRefusal> {
  const { profile, signal } = context;
  const checkedOperation = checkOperation(operation);
  if (!checkedOperation.ok) return refuse('binding', checkedOperation.reason);
  const checkedProof = checkProof(proof);
  if (!checkedProof.ok) return refuse(checkedProof.leg, checkedProof.reason) as OperationRefusal;
  const { operation: op, bytes, id } = checkedOperation;
  const { parts } = checkedProof;
  const { binding, time, work, stake } = parts;
  const { anchor, claimedMs, iterations } = time.part;
  const { chain } = op;
  const said = fromHex(context.chainId);
  if (!said.ok || !equalBytes(said.bytes, chain)) return refuse('binding', 'other-chain');
  const window = checkWindow({ sequence: op.sequence, anchor, claimedMs }, context);
  if (!window.ok) return refuse('time', window.reason);
  if (iterations < profile.iterations) return refuse('time', 'too-short');
  // From here on the digests are the actor's own, so one that differs names the leg that is not.
  if (!verifySignature(binding.part.signature, bindingMessage(binding.part), op.actor)) {
    return refuse('binding', 'bad-signature');
  }
  const altered = checkDigests(parts);
  if (altered !== undefined) return altered;
  const ctx = contextOf({ chain, operation: bytes, actor: op.actor, anchor });
  if (!equalBytes(ctx, binding.part.context)) return refuse('binding', 'other-operation');

  const against = { header: window.header, context };
  const bonded = checkStake(op, parts, against);
  if (!bonded.ok) return refuse('stake', bonded.reason);
  if (op.sequence <= bonded.bond.sequence) return refuse('time', 'replayed');
  const space = checkSpace(op, parts, against);
  if (!space.ok) return refuse('space', space.reason);

  signal?.throwIfAborted();
  const puzzle = await verifyPuzzle({
    input: puzzleInput(ctx, binding.part.time),
    actor: op.actor,
    nonce: work.part.nonce,
    memoryKib: profile.memoryKib,
    difficulty: Math.max(profile.difficulty, op.needs.workBits),
  });
  if (!puzzle.ok) return refuse('work', puzzle.reason);
  const alpha = vrfInput(ctx, binding.part.work);
  if (!verifyVrf({ publicKey: bonded.bond.vrfKey, alpha, proof: stake.part.vrf }).ok)
    return refuse('stake', 'bad-vrf');
  await breathe();
  const { y, proof: delay } = time.part;
  const input = delayInput(ctx, binding.part.space);
  if (!vdf('rsa-2048').verify({ input, iterations, y, proof: delay }).ok)
    return refuse('time', 'wrong-delay');

  const { receipt } = work.part;
  if (receipt !== undefined && context.reexecutor !== undefined) {
    const executed = await verifyReceipt(receipt, context.reexecutor, { signal });
    if (!executed.ok) return refuse('work', executed.reason);
  }
  return {
    ok: true,
    id,
    operation: op,
    anchor,
    claimedMs,
    bondRenewedMs: bonded.bond.renewedMs,
    power: bonded.bond.power,
    committedBytes: space.committed,
  };
}
