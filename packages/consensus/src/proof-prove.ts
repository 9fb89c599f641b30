import { decodeRecord, equalBytes, toHex } from '@hypermesh/core';
import { ConsensusError } from './errors.ts';
import { chainBytes, checkOperation, type Operation } from './operation.ts';
import type { HeaderView } from './ports.ts';
import {
  bindingMessage,
  type ConsensusProof,
  contextOf,
  delayInput,
  encodeLeg,
  legDigest,
  puzzleInput,
  type SpaceLeg,
  type StakeLeg,
  type TimeLeg,
  vrfInput,
  type WorkLeg,
} from './proof.ts';
import type { MemberProof, ProveContext } from './proof-context.ts';
import { type PlotGroup, spaceRecordSchema, subChallenge } from './space/commitment.ts';
import { registeredGroups } from './space/register.ts';
import { vdf } from './time/vdf.ts';
import { solvePuzzle } from './work/puzzle.ts';

function groupsFor(operation: Operation, member: MemberProof): readonly PlotGroup[] {
  const registered = registeredGroups(operation);
  if (registered !== undefined) return registered;
  if (member.space === undefined) return [];
  const record = decodeRecord(spaceRecordSchema, member.space.value);
  return record.ok ? record.value.groups : [];
}

async function answerBatch(
  operation: Operation,
  context: ProveContext,
  batch: { readonly anchor: HeaderView; readonly groups: readonly PlotGroup[] },
): Promise<SpaceLeg['answers']> {
  const { chain, actor, sequence } = operation;
  const { challenges, minimumAnswers } = context.profile;
  const answers: { j: number; proof: Uint8Array }[] = [];
  for (let j = 0; j < challenges && answers.length < minimumAnswers; j++) {
    context.signal?.throwIfAborted();
    const asked = subChallenge({ chain, actor, sequence, anchor: batch.anchor }, batch.groups, j);
    const [proof] = await context.plots.proofs(asked, asked.challenge);
    if (proof !== undefined) answers.push({ j, proof });
  }
  return answers;
}

/** The first anchor at which the plots answer enough, and the leg that they make there. */
async function proveSpace(
  operation: Operation,
  context: ProveContext,
): Promise<{ readonly anchor: HeaderView; readonly member: MemberProof; readonly space: SpaceLeg }> {
  let answered = 0;
  let isMember = false;
  const isRegistration = registeredGroups(operation) !== undefined;
  for (const anchor of context.anchors) {
    const member = context.member(anchor);
    if (member === undefined) continue;
    isMember = true;
    const groups = groupsFor(operation, member);
    if (groups.length === 0) continue;
    const answers = await answerBatch(operation, context, { anchor, groups });
    answered = Math.max(answered, answers.length);
    if (answers.length < context.profile.minimumAnswers) continue;
    const shown = isRegistration ? undefined : member.space;
    const space: SpaceLeg = {
      scheme: 'plot-v1',
      record: shown?.value ?? new Uint8Array(0),
      path: shown?.path ?? [],
      answers,
    };
    return { anchor, member, space };
  }
  if (!isMember) {
    const actor = toHex(operation.actor);
    throw new ConsensusError(
      { code: 'consensus/not-a-member', actor },
      `${actor} has no bond at these anchors`,
    );
  }
  const needed = context.profile.minimumAnswers;
  throw new ConsensusError(
    { code: 'consensus/space-miss', answered, needed },
    `the plots answered ${answered} of the ${needed} sub-challenges needed: try again at a later block`,
  );
}

/**
 * Makes the four proofs of an operation, each over the one before: space, then the delay, then the puzzle, then the
 * stake's VRF and the actor's signature over all. Takes some tenths of a second with the `localhost` profile; all
 * that is long runs off this thread. Throws `consensus/not-a-member`, and `consensus/space-miss` where the plots
 * have too few answers at every anchor (1 in 100 times at each for honest plots).
 */
export async function prove(operation: Operation, context: ProveContext): Promise<ConsensusProof> {
  const { profile, signal, signer, receipt } = context;
  const checked = checkOperation(operation);
  const isOwn =
    checked.ok &&
    equalBytes(checked.operation.actor, signer.publicKey) &&
    equalBytes(checked.operation.chain, chainBytes(context.chainId));
  if (!isOwn) {
    throw new ConsensusError(
      {
        code: 'consensus/bad-argument',
        argument: 'operation',
        expected: "the signer's own, for this ledger",
      },
      "the operation must be a sound one of the signer's, for this ledger",
    );
  }
  const { actor, chain, needs } = checked.operation;
  const { anchor: header, member, space } = await proveSpace(checked.operation, context);
  const anchor = { height: header.height, hash: header.hash };
  const ctx = contextOf({ chain, operation: checked.bytes, actor, anchor });
  const dS = legDigest.space(ctx, encodeLeg(space));

  const { iterations } = profile;
  const delay = await vdf('rsa-2048').prove(delayInput(ctx, dS), iterations, { signal });
  const claimedMs = Math.max(context.nowMs, header.timeMs);
  const time: TimeLeg = { group: 'rsa-2048', anchor, claimedMs, iterations, ...delay };
  const dT = legDigest.time(dS, encodeLeg(time));

  const difficulty = Math.max(profile.difficulty, needs.workBits);
  const puzzle = { input: puzzleInput(ctx, dT), actor, memoryKib: profile.memoryKib, difficulty };
  const nonce = await solvePuzzle(puzzle, { signal });
  const work: WorkLeg = { puzzle: 'argon2id', nonce, ...(receipt && { receipt }) };
  const dW = legDigest.work(dT, encodeLeg(work));

  const { value: record, path } = member.bond;
  const stake: StakeLeg = { record, path, vrf: context.vrf.prove(vrfInput(ctx, dW)).proof };
  const dK = legDigest.stake(dW, encodeLeg(stake));

  const unsigned = { context: ctx, space: dS, time: dT, work: dW, stake: dK };
  const signature = await signer.sign(bindingMessage(unsigned));
  return { v: 1, space, time, work, stake, binding: { ...unsigned, signature } };
}
