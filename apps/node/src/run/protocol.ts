import {
  type ContentRoot,
  decodeRecord,
  domainMessage,
  encodeRecord,
  type Infer,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { sign, verify } from '@hypermesh/core/ed25519';

import { maxUsageBytes } from '../wallet/usage-receipt.ts';

/** Names of the requests that nodes make of each other about runs. */
export const executeRequest = 'run/execute/1';
export const reexecuteRequest = 'run/reexecute/1';
export const offerRequest = 'run/offer/1';

/** Largest output of a run, and the largest that its answer carries; what is larger goes as content. Bytes. */
export const maxOutputBytes: number = 32 * 1024 * 1024;
export const inlineOutputBytes: number = 256 * 1024;
/** Largest input of a run, bytes. */
export const maxInputBytes: number = 32 * 1024 * 1024;

/** A transaction and its finality proof, with room for their frame. */
const askLimits = { maxBytes: 1_200_000 };

const executeAsk = record({
  v: s.literal(1),
  transaction: s.bytes({ max: 65_536 }),
  proof: s.bytes({ max: 1_048_576 }),
});
const legVerdict = s.text(200);

const executeAnswer = record({
  v: s.literal(1),
  exit: s.union(
    s.literal('ok'),
    s.literal('out-of-fuel'),
    s.literal('memory'),
    s.literal('deadline'),
    s.literal('denied'),
    s.literal('error'),
  ),
  detail: s.text(4096),
  fuel: s.bigint(),
  memoryPages: s.uint(65_536),
  wallMs: s.uint(),
  /** The output of a run that ended well, unless it is content. */
  output: s.bytes({ max: inlineOutputBytes }),
  outputRoot: s.optional(s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' })),
  outputSize: s.uint(maxOutputBytes),
  /** The encoded receipt of a run that ended well, empty otherwise. */
  receipt: s.bytes({ max: 4096 }),
  /** The executor's signed statement of the run, whatever its exit. */
  statement: s.bytes({ max: 16_384 }),
  /** What the run used, under the executing node's signature: how the lease is settled. */
  usage: s.bytes({ max: maxUsageBytes }),
  /** Each limit and how it was enforced. */
  limits: s.array(record({ name: s.text(32), enforcement: s.text(16), how: s.text(200) }), 32),
  /** Lines that the program logged for people. */
  log: s.array(s.text(8_192), 64),
  /** What the executing node itself found of each leg before it started anything. */
  legs: record({ space: legVerdict, stake: legVerdict, work: legVerdict, time: legVerdict }),
});

const reexecuteAsk = record({
  v: s.literal(1),
  document: s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' }),
  package: s.text(160),
  dependencies: s.map(s.text(64), 256),
  operation: s.optional(s.text(200)),
  input: s.optional(s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' })),
  receipt: s.bytes({ max: 4096 }),
  memoryPages: s.uint(65_536),
  deadlineMs: s.uint(86_400_000),
});

const reexecuteAnswer = record({
  v: s.literal(1),
  matches: s.bool(),
  differs: s.text(64),
  receipt: s.bytes({ length: 32 }),
});

const signed = record({ body: s.bytes({ max: 5 * 1024 * 1024 }), signature: s.bytes({ length: 64 }) });

export type ExecuteAnswer = Infer<typeof executeAnswer>;
export type ExecuteAsk = Infer<typeof executeAsk>;
export type ReexecuteAsk = Infer<typeof reexecuteAsk>;
export type ReexecuteAnswer = Infer<typeof reexecuteAnswer>;

/** Canonical bytes of a question to execute. */
export const encodeExecuteAsk = (ask: ExecuteAsk): Uint8Array => encodeRecord(executeAsk, ask);
/** Canonical bytes of a question to execute again. */
export const encodeReexecuteAsk = (ask: ReexecuteAsk): Uint8Array => encodeRecord(reexecuteAsk, ask);
/** Reads a question to execute from anybody. */
export const decodeExecuteAsk = (bytes: Uint8Array) => decodeRecord(executeAsk, bytes, askLimits);
/** Reads a question to execute again from anybody. */
export const decodeReexecuteAsk = (bytes: Uint8Array) => decodeRecord(reexecuteAsk, bytes, askLimits);

const answerLimits = { maxBytes: 6 * 1024 * 1024 };
const answerKinds = {
  execute: { schema: executeAnswer, domain: 'hypermesh/node/run-answer/v1' },
  reexecute: { schema: reexecuteAnswer, domain: 'hypermesh/node/reexecution-answer/v1' },
} as const;

/** An answer under the Ed25519 key of the node that gives it, bound to the question it answers. */
export function signExecuteAnswer(answer: ExecuteAnswer, ask: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return signAnswer('execute', encodeRecord(executeAnswer, answer), ask, secretKey);
}

/** Like `signExecuteAnswer`, for a re-execution. */
export function signReexecuteAnswer(
  answer: ReexecuteAnswer,
  ask: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  return signAnswer('reexecute', encodeRecord(reexecuteAnswer, answer), ask, secretKey);
}

/** Reads an answer and checks that `publicKey` gave it to exactly this question. */
export function openExecuteAnswer(
  bytes: Uint8Array,
  ask: Uint8Array,
  publicKey: Uint8Array,
): Verdict<{ answer: ExecuteAnswer }> {
  const body = openAnswer('execute', bytes, ask, publicKey);
  if (!body.ok) return body;
  const decoded = decodeRecord(executeAnswer, body.body, answerLimits);
  return decoded.ok ? { ok: true, answer: decoded.value } : { ok: false, reason: decoded.reason };
}

/** Like `openExecuteAnswer`, for a re-execution. */
export function openReexecuteAnswer(
  bytes: Uint8Array,
  ask: Uint8Array,
  publicKey: Uint8Array,
): Verdict<{ answer: ReexecuteAnswer }> {
  const body = openAnswer('reexecute', bytes, ask, publicKey);
  if (!body.ok) return body;
  const decoded = decodeRecord(reexecuteAnswer, body.body, answerLimits);
  return decoded.ok ? { ok: true, answer: decoded.value } : { ok: false, reason: decoded.reason };
}

type AnswerKind = keyof typeof answerKinds;

function signAnswer(kind: AnswerKind, body: Uint8Array, ask: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return encodeRecord(signed, {
    body,
    signature: sign(domainMessage(answerKinds[kind].domain, ask, body), secretKey),
  });
}

function openAnswer(
  kind: AnswerKind,
  bytes: Uint8Array,
  ask: Uint8Array,
  publicKey: Uint8Array,
): Verdict<{ body: Uint8Array }> {
  const decoded = decodeRecord(signed, bytes, answerLimits);
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const { body, signature } = decoded.value;
  const valid = verify(signature, domainMessage(answerKinds[kind].domain, ask, body), publicKey);
  return valid ? { ok: true, body } : { ok: false, reason: 'bad-signature' };
}
