import {
  decodeCanonical,
  decodeRecord,
  domainHash,
  domainMessage,
  encodeCanonical,
  s,
  type Verdict,
} from '@hypermesh/core';
import { fitsIn } from './bounded.ts';
import { MAX_DEPTH } from './ledger/state-tree.ts';
import { u64 } from './space/commitment.ts';
import { type WorkReceipt, workReceiptSchema } from './work/receipt.ts';

/** Largest encoded proof: sixteen answers of the largest plots stay below it. */
export const MAX_PROOF_BYTES = 16_384;

const digest = s.bytes({ length: 32 });
const path = s.array(digest, MAX_DEPTH);

/** WHERE: the actor's space commitment in the state, and its plots' answers to the sub-challenges named by `j`. */
export interface SpaceLeg {
  readonly scheme: 'plot-v1';
  readonly record: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly answers: readonly { readonly j: number; readonly proof: Uint8Array }[];
}

const spaceSchema = s.record({
  scheme: s.literal('plot-v1'),
  record: s.bytes({ max: 1024 }),
  path,
  answers: s.array(s.record({ j: s.uint(255), proof: s.bytes({ max: 400 }) }), 16),
});

/** WHEN: a finalized block before which the proof cannot have begun, the claimed time, and the delay since. */
export interface TimeLeg {
  readonly group: 'rsa-2048';
  readonly anchor: { readonly height: number; readonly hash: Uint8Array };
  readonly claimedMs: number;
  readonly iterations: number;
  readonly y: Uint8Array;
  readonly proof: Uint8Array;
}

const timeSchema = s.record({
  group: s.literal('rsa-2048'),
  anchor: s.record({ height: s.uint(), hash: digest }),
  claimedMs: s.uint(),
  iterations: s.uint(),
  y: s.bytes({ length: 256 }),
  proof: s.bytes({ length: 256 }),
});

/** WHAT and HOW: effort spent on this operation after its delay, and the receipt of an execution where there is one. */
export interface WorkLeg {
  readonly puzzle: 'argon2id';
  readonly nonce: Uint8Array;
  readonly receipt?: WorkReceipt;
}

const workSchema = s.record({
  puzzle: s.literal('argon2id'),
  nonce: s.bytes({ length: 8 }),
  receipt: s.optional(workReceiptSchema),
});

/** WHO: the actor's bond in the state, and its VRF's proof over all that came before. */
export interface StakeLeg {
  readonly record: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly vrf: Uint8Array;
}

const stakeSchema = s.record({ record: s.bytes({ max: 512 }), path, vrf: s.bytes({ length: 80 }) });

/** What holds the legs together: the context they were made for, a digest of each, the actor's signature over all. */
export interface ProofBinding {
  readonly context: Uint8Array;
  readonly space: Uint8Array;
  readonly time: Uint8Array;
  readonly work: Uint8Array;
  readonly stake: Uint8Array;
  readonly signature: Uint8Array;
}

const bindingSchema = s.record({
  context: digest,
  space: digest,
  time: digest,
  work: digest,
  stake: digest,
  signature: s.bytes({ length: 64 }),
});

const schemas = {
  space: spaceSchema,
  time: timeSchema,
  work: workSchema,
  stake: stakeSchema,
  binding: bindingSchema,
} as const;

/** The unified proof of an operation: all four legs, or it is none. */
export interface ConsensusProof {
  readonly v: 1;
  readonly space: SpaceLeg;
  readonly time: TimeLeg;
  readonly work: WorkLeg;
  readonly stake: StakeLeg;
  readonly binding: ProofBinding;
}

export type LegName = 'space' | 'time' | 'work' | 'stake';
export type PartName = LegName | 'binding';

/** The context of a proof: ledger, operation, actor and anchor. Everything in the proof hangs on it. */
export function contextOf(context: {
  readonly chain: Uint8Array;
  readonly operation: Uint8Array;
  readonly actor: Uint8Array;
  readonly anchor: { readonly height: number; readonly hash: Uint8Array };
}): Uint8Array {
  const { chain, operation, actor, anchor } = context;
  return domainHash(
    'hypermesh/consensus/context/v1',
    chain,
    domainHash('hypermesh/consensus/operation/v1', operation),
    actor,
    u64(anchor.height),
    anchor.hash,
  );
}

/** Canonical bytes of a leg. */
export function encodeLeg(leg: SpaceLeg | TimeLeg | WorkLeg | StakeLeg): Uint8Array {
  return encodeCanonical(leg);
}

/** Digest of a leg after `before`: the context for space, then each leg's digest for the next. */
export const legDigest: Readonly<Record<LegName, (before: Uint8Array, leg: Uint8Array) => Uint8Array>> = {
  space: (before, leg) => domainHash('hypermesh/consensus/space-leg/v1', before, leg),
  time: (before, leg) => domainHash('hypermesh/consensus/time-leg/v1', before, leg),
  work: (before, leg) => domainHash('hypermesh/consensus/work-leg/v1', before, leg),
  stake: (before, leg) => domainHash('hypermesh/consensus/stake-leg/v1', before, leg),
};

/** What the delay starts from. */
export const delayInput = (context: Uint8Array, space: Uint8Array): Uint8Array =>
  domainHash('hypermesh/consensus/delay-input/v1', context, space);
/** What the puzzle hashes. */
export const puzzleInput = (context: Uint8Array, time: Uint8Array): Uint8Array =>
  domainHash('hypermesh/consensus/puzzle-input/v1', context, time);
/** What the VRF is asked. */
export const vrfInput = (context: Uint8Array, work: Uint8Array): Uint8Array =>
  domainHash('hypermesh/consensus/vrf-input/v1', context, work);

/** What the actor signs. */
export function bindingMessage(binding: Omit<ProofBinding, 'signature'>): Uint8Array {
  const { context, space, time, work, stake } = binding;
  return domainMessage('hypermesh/consensus/proof/v1', context, space, time, work, stake);
}

/** A part of a proof as it was handed in, decoded from its own canonical bytes. */
interface CheckedPart<Part> {
  readonly part: Part;
  readonly bytes: Uint8Array;
}
export type CheckedProof = { readonly [Name in PartName]: CheckedPart<ConsensusProof[Name]> };

export type PartReason = 'missing' | 'malformed' | 'too-large';

function checkPart<Name extends PartName>(
  name: Name,
  value: unknown,
): Verdict<CheckedPart<ConsensusProof[Name]>, PartReason> {
  if (value === undefined || value === null) return { ok: false, reason: 'missing' };
  try {
    if (!fitsIn(value, MAX_PROOF_BYTES)) return { ok: false, reason: 'too-large' };
    const bytes = encodeCanonical(value);
    if (bytes.length > MAX_PROOF_BYTES) return { ok: false, reason: 'too-large' };
    const decoded = decodeRecord<unknown>(schemas[name], bytes, { maxBytes: MAX_PROOF_BYTES });
    if (!decoded.ok) return { ok: false, reason: 'malformed' };
    return { ok: true, part: decoded.value as ConsensusProof[Name], bytes };
  } catch {
    // A value without canonical form: the encoder reports that by throwing.
    return { ok: false, reason: 'malformed' };
  }
}

const PARTS: readonly PartName[] = ['space', 'stake', 'work', 'time', 'binding'];

/** Splits a proof, a value or its bytes, into its parts; the first that is missing or unsound is named. */
export function checkProof(
  proof: unknown,
):
  | { readonly ok: true; readonly parts: CheckedProof }
  | { readonly ok: false; readonly leg: PartName; readonly reason: PartReason } {
  const parts: Partial<Record<PartName, CheckedPart<unknown>>> = {};
  try {
    let value = proof;
    if (proof instanceof Uint8Array) {
      if (proof.length > MAX_PROOF_BYTES) return { ok: false, leg: 'binding', reason: 'too-large' };
      const decoded = decodeCanonical(proof, { maxBytes: MAX_PROOF_BYTES, maxDepth: 8, maxItems: 2048 });
      if (!decoded.ok) return { ok: false, leg: 'binding', reason: 'malformed' };
      value = decoded.value;
    }
    if (typeof value !== 'object' || value === null) {
      return { ok: false, leg: 'binding', reason: 'malformed' };
    }
    const fields = value as Readonly<Record<string, unknown>>;
    for (const name of PARTS) {
      const checked = checkPart(name, fields[name]);
      if (!checked.ok) return { ok: false, leg: name, reason: checked.reason };
      parts[name] = checked;
    }
    const known = Object.keys(fields).every((key) => key === 'v' || PARTS.includes(key as PartName));
    if (!known || fields['v'] !== 1) return { ok: false, leg: 'binding', reason: 'malformed' };
  } catch {
    // A getter or proxy that throws: nothing a proof would have.
    return { ok: false, leg: 'binding', reason: 'malformed' };
  }
  return { ok: true, parts: parts as CheckedProof };
}

/** Canonical bytes of a proof. */
export function encodeProof(proof: ConsensusProof): Uint8Array {
  return encodeCanonical(proof);
}

/** Decodes a proof; says nothing about its truth. */
export function decodeProof(
  bytes: Uint8Array,
): Verdict<{ proof: ConsensusProof }, PartReason> & { readonly leg?: PartName } {
  const checked = checkProof(bytes);
  if (!checked.ok) return checked;
  const { space, time, work, stake, binding } = checked.parts;
  const proof = {
    v: 1 as const,
    space: space.part,
    time: time.part,
    work: work.part,
    stake: stake.part,
    binding: binding.part,
  };
  return { ok: true, proof };
}
