import { type Clock, equalBytes, fromHex, type Verdict } from '@hypermesh/core';
import { verify as verifySignature } from '@hypermesh/core/ed25519';
import { checkOperation, type OperationReason } from './operation.ts';
import type { HeaderView } from './ports.ts';
import {
  bindingMessage,
  type CheckedProof,
  checkProof,
  contextOf,
  delayInput,
  type PartName,
  type PartReason,
  puzzleInput,
  vrfInput,
} from './proof.ts';
import type { VerifyContext } from './proof-context.ts';
import {
  type BindingReason,
  checkDigests,
  checkSpace,
  checkStake,
  type SpaceAnswer,
  type SpaceReason,
  type StakeReason,
  type TimeReason,
  type WorkReason,
} from './proof-verify.ts';
import { checkWindow } from './proof-window.ts';
import type { Bond } from './stake/bond.ts';
import { verifyVrf } from './stake/vrf.ts';
import { vdf } from './time/vdf.ts';
import { verifyPuzzle } from './work/puzzle.ts';
import type { WorkReceipt } from './work/receipt.ts';

/** Whether a leg holds, how long it took to find out (milliseconds), and how many bytes of the proof it is. */
export interface InspectedLeg<Reason> {
  readonly ok: boolean;
  /** Why it does not hold; `unchecked` where the anchor that it stands on is not known. */
  readonly reason?: Reason | 'unchecked';
  readonly costMs: number;
  readonly sizeBytes: number;
}

/** A proof taken apart: each leg judged by itself, with what it shows in numbers. */
export interface ProofInspection {
  /** Whether the actor's signature binds these four legs to this operation. */
  readonly binding: { readonly ok: boolean; readonly reason?: BindingReason };
  /** The first leg whose digest is not the one that the actor signed. */
  readonly altered?: PartName;
  readonly costMs: number;
  readonly sizeBytes: number;
  readonly space: InspectedLeg<SpaceReason> & {
    readonly scheme: string;
    /** 0 where the leg does not hold. */
    readonly committedBytes: bigint;
    /** Answers that were found right; none where one is wrong. */
    readonly answers: readonly SpaceAnswer[];
  };
  readonly stake: InspectedLeg<StakeReason> & {
    /** The bond that the anchor's state holds, where it does. */
    readonly bond?: Bond;
    /** Output of the VRF, 64 bytes. */
    readonly output?: Uint8Array;
  };
  readonly work: InspectedLeg<WorkReason> & {
    readonly nonce: Uint8Array;
    readonly memoryKib: number;
    readonly difficulty: number;
    /** Leading zero bits that were found; absent where they are too few. */
    readonly zeros?: number;
    /** Digests that the puzzle binds: the context, which names the operation, and the delay before it. */
    readonly context: Uint8Array;
    readonly delay: Uint8Array;
    readonly receipt?: WorkReceipt;
  };
  readonly time: InspectedLeg<TimeReason> & {
    readonly iterations: number;
    readonly claimedMs: number;
    readonly anchor: { readonly height: number; readonly hash: Uint8Array };
  };
  /** The anchor's header as the caller's chain has it. */
  readonly header?: HeaderView;
}

/**
 * Judges each leg of a proof by itself and tells what it shows: for people who look, not for admission, which asks
 * `verifyOperation`. Where the binding does not hold the legs are still looked at, as far as they stand alone. Costs as
 * much as a verification, some 10 ms; `monotonicMs` measures each leg. Never throws for bad bytes.
 */
export async function inspectProof(
  operation: unknown,
  proof: unknown,
  context: VerifyContext,
  { monotonicMs }: Pick<Clock, 'monotonicMs'>,
): Promise<
  Verdict<{ inspection: ProofInspection }, PartReason | OperationReason> & { readonly leg?: PartName }
> {
  const startedMs = monotonicMs();
  const checkedOperation = checkOperation(operation);
  if (!checkedOperation.ok) return { ...checkedOperation, leg: 'binding' };
  const checked = checkProof(proof);
  if (!checked.ok) return checked;
  const { operation: op, bytes } = checkedOperation;
  const { parts } = checked;
  const { binding, space, stake, work, time } = parts;
  const { profile } = context;
  const { anchor } = time.part;
  const ctx = contextOf({ chain: op.chain, operation: bytes, actor: op.actor, anchor });
  const bound = bindingOf({ chain: op.chain, actor: op.actor, ctx, parts, context });
  const altered = checkDigests(parts)?.leg;

  const timed = async <Found>(judge: () => Found | Promise<Found>): Promise<Found & { costMs: number }> => {
    context.signal?.throwIfAborted();
    const beganMs = monotonicMs();
    const found = await judge();
    return { ...found, costMs: monotonicMs() - beganMs };
  };
  const window = checkWindow(
    { sequence: op.sequence, anchor, claimedMs: time.part.claimedMs },
    { ...context, lastSequence: undefined },
  );
  const header = context.finalizedHeader(anchor.height);
  const against =
    header !== undefined && equalBytes(header.hash, anchor.hash) ? { header, context } : undefined;
  const unchecked = { ok: false, reason: 'unchecked' } as const;

  const spaceLeg = await timed(() => {
    if (against === undefined) return { ...unchecked, committedBytes: 0n, answers: [] };
    const found = checkSpace(op, parts, against);
    return found.ok
      ? { ok: true, committedBytes: found.committed, answers: found.answers }
      : { ok: false, reason: found.reason, committedBytes: 0n, answers: [] };
  });
  const stakeLeg = await timed(() => {
    if (against === undefined) return unchecked;
    const bonded = checkStake(op, parts, against);
    if (!bonded.ok) return bonded;
    const alpha = vrfInput(ctx, binding.part.work);
    const { bond } = bonded;
    const drawn = verifyVrf({ publicKey: bond.vrfKey, alpha, proof: stake.part.vrf });
    return drawn.ok
      ? { ok: true, bond, output: drawn.output }
      : { ok: false, reason: 'bad-vrf' as const, bond };
  });
  const difficulty = Math.max(profile.difficulty, op.needs.workBits);
  const { memoryKib } = profile;
  const workLeg = await timed(() =>
    verifyPuzzle({
      input: puzzleInput(ctx, binding.part.time),
      actor: op.actor,
      nonce: work.part.nonce,
      memoryKib,
      difficulty,
    }),
  );
  const { iterations, claimedMs, y, proof: delay } = time.part;
  const timeLeg = await timed(() => {
    if (!window.ok) return window;
    if (iterations < profile.iterations) return { ok: false, reason: 'too-short' as const };
    const input = delayInput(ctx, binding.part.space);
    const ran = vdf('rsa-2048').verify({ input, iterations, y, proof: delay }).ok;
    return ran ? { ok: true } : { ok: false, reason: 'wrong-delay' as const };
  });
  const sizeOf = (part: { readonly bytes: Uint8Array }) => ({ sizeBytes: part.bytes.length });
  const sizes = [space, stake, work, time, binding].map((part) => part.bytes.length);
  return {
    ok: true,
    inspection: {
      binding: bound,
      ...(altered === undefined ? {} : { altered }),
      costMs: monotonicMs() - startedMs,
      sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
      space: { ...sizeOf(space), scheme: space.part.scheme, ...spaceLeg },
      stake: { ...sizeOf(stake), ...stakeLeg },
      work: {
        ...sizeOf(work),
        nonce: work.part.nonce,
        memoryKib,
        difficulty,
        context: ctx,
        delay: binding.part.time,
        ...(work.part.receipt === undefined ? {} : { receipt: work.part.receipt }),
        ...workLeg,
      },
      time: { ...sizeOf(time), iterations, claimedMs, anchor, ...timeLeg },
      ...(against === undefined ? {} : { header: against.header }),
    },
  };
}

function bindingOf(parts: {
  readonly chain: Uint8Array;
  readonly actor: Uint8Array;
  readonly ctx: Uint8Array;
  readonly parts: CheckedProof;
  readonly context: VerifyContext;
}): ProofInspection['binding'] {
  const said = fromHex(parts.context.chainId);
  const { part } = parts.parts.binding;
  if (!said.ok || !equalBytes(said.bytes, parts.chain)) return { ok: false, reason: 'other-chain' };
  if (!verifySignature(part.signature, bindingMessage(part), parts.actor))
    return { ok: false, reason: 'bad-signature' };
  return equalBytes(parts.ctx, part.context) ? { ok: true } : { ok: false, reason: 'other-operation' };
}
