import { decodeTransaction, inspectProof, type ProofInspection } from '@hypermesh/consensus';
import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { decodeCanonical, type OperationId, toHex } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import { verifyContextAt } from '../run/admission.ts';
import { type LedgerFactParts, operationLine } from './answers.ts';
import { finalizedHeader } from './headers.ts';

/** Characters of an operation's body that are shown. */
const shownBody = 16 * 1024;
/** Bytes in a body from which on they are told by their number only. */
const shownBytes = 64;

/**
 * One operation with what each leg of its proof shows, verified again here as of its block: the index says where it stands,
 * the block has its bytes. Throws `node/not-found`.
 */
export async function viewOperation(parts: LedgerFactParts, id: string, signal: AbortSignal) {
  const { ledger, history } = parts;
  const found = history.operation(id);
  if (found === undefined) {
    throw new NodeError(
      { code: 'node/not-found', what: id, next: 'see the newest operations: hypermesh ledger operations' },
      `No final operation ${id.slice(0, 100)} is known here`,
    );
  }
  const { height, index } = found;
  const tx = await transactionAt(parts, height, index, signal);
  const decoded = decodeTransaction(tx);
  const finality = await ledger.validator.proof(height, index);
  const header = await finalizedHeader(ledger.validator, height);
  if (!decoded.ok || finality === undefined || header === undefined)
    throw new TypeError(`operation ${id} is indexed and must be stored`);
  const { operation, encoded } = decoded;
  const parent = await finalizedHeader(ledger.validator, height - 1);
  const context = {
    ...(await verifyContextAt(encoded.proof, ledger)),
    nowMs: parent?.timeMs ?? ledger.genesis.createdMs,
    signal,
  };
  const inspected = await inspectProof(operation, encoded.proof, context, parts.clock);
  const body = JSON.stringify(operation.body, plain) ?? 'null';
  return {
    ...operationLine(parts, found),
    hash: toHex(header.hash),
    body: body.slice(0, shownBody).toWellFormed(),
    bodyBytes: body.length,
    needs: {
      spaceBytes: String(operation.needs.spaceBytes),
      power: String(operation.needs.power),
      workBits: operation.needs.workBits,
    },
    finality: {
      height,
      signers: finality.certificate.signers.length,
      proofBytes: encodeFinalityProof(finality).length,
    },
    proof: inspected.ok
      ? proofView(inspected.inspection, ledger.ledger.profile, context.nowMs, id as OperationId)
      : unreadable(inspected, encoded.proof.length),
  };
}

/** The bytes of a transaction that is final. */
async function transactionAt(
  { ledger }: LedgerFactParts,
  height: number,
  index: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  for await (const { txs } of ledger.validator.finalized({ from: height, signal })) {
    const tx = txs[index];
    if (tx !== undefined) return tx;
    break;
  }
  throw new TypeError(`block ${height} is indexed and must hold transaction ${index}`);
}

const legNames = ['space', 'stake', 'work', 'time'] as const;

type Profile = LedgerFactParts['ledger']['ledger']['profile'];

function proofView(found: ProofInspection, profile: Profile, nowMs: number, id: OperationId) {
  const { binding, altered, space, stake, work, time, header } = found;
  const failed = binding.ok ? (legNames.find((leg) => !found[leg].ok) ?? altered) : ('binding' as const);
  const reason =
    failed === undefined
      ? undefined
      : failed === 'binding'
        ? binding.reason
        : (found[failed].reason ?? 'altered');
  const { bond, output } = stake;
  const state = {
    stateHeight: header?.stateHeight ?? 0,
    stateRoot: toHex(header?.stateRoot ?? new Uint8Array()),
  };
  const { receipt } = work;
  return {
    ok: failed === undefined,
    bytes: found.sizeBytes,
    costMs: rounded(found.costMs),
    ...(failed === undefined ? {} : { refused: { leg: failed, reason: reason ?? 'altered' } }),
    signature: binding.ok ? 'valid' : (binding.reason ?? 'invalid'),
    legs: {
      space: {
        ...leg(space),
        scheme: space.scheme,
        committedBytes: String(space.committedBytes),
        minimumBytes: String(profile.minimumSpaceBytes),
        challenges: profile.challenges,
        needed: profile.minimumAnswers,
        answers: space.answers.map(({ j, plotId, k, challenge, quality }) => ({
          ...{ j, k, plotId: toHex(plotId), challenge: toHex(challenge), quality: toHex(quality) },
        })),
        stateHeight: state.stateHeight,
      },
      stake: {
        ...leg(stake),
        ...{ power: String(bond?.power ?? 0), minimumPower: String(profile.minimumPower) },
        ...{ status: bond?.status ?? 'unknown', renewedMs: bond?.renewedMs ?? 0 },
        ...{ ageMs: bond === undefined ? 0 : nowMs - bond.renewedMs, maxAgeMs: profile.maxBondAgeMs },
        ...{ ...state, vrf: toHex(output ?? new Uint8Array()) },
      },
      work: {
        ...leg(work),
        ...{ puzzle: 'argon2id', memoryKib: work.memoryKib, difficulty: work.difficulty },
        ...{ zeros: work.zeros ?? 0, nonce: toHex(work.nonce) },
        binds: { operation: id, context: toHex(work.context), delay: toHex(work.delay) },
        ...(receipt === undefined
          ? {}
          : {
              receipt: {
                ...{
                  module: toHex(receipt.module),
                  input: toHex(receipt.input),
                  output: toHex(receipt.output),
                },
                ...{ fuel: String(receipt.fuel), profile: receipt.profile },
              },
            }),
      },
      time: {
        ...leg(time),
        ...{ group: 'rsa-2048', iterations: time.iterations, minimumIterations: profile.iterations },
        anchor: { height: time.anchor.height, hash: toHex(time.anchor.hash), timeMs: header?.timeMs ?? 0 },
        claimedMs: time.claimedMs,
        anchorAgeMs: header === undefined ? 0 : nowMs - header.timeMs,
        maxAgeMs: profile.maxOffsetMs,
      },
    },
  };
}

function leg(found: ProofInspection[(typeof legNames)[number]]) {
  const { ok, reason, costMs, sizeBytes } = found;
  return { ok, ...(reason === undefined ? {} : { reason }), costMs: rounded(costMs), bytes: sizeBytes };
}

function unreadable(refused: { readonly leg?: string; readonly reason: string }, bytes: number) {
  const { leg: at = 'binding', reason } = refused;
  return { ok: false, bytes, costMs: 0, refused: { leg: at, reason }, signature: 'unread', legs: null };
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Bytes as hex, long ones by their size; nested records that lie encoded in a field are opened. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Uint8Array)) return value;
  if (value.length <= shownBytes) return toHex(value);
  const nested = decodeCanonical(value, { maxBytes: shownBody, maxDepth: 8, maxItems: 512 });
  return nested.ok && typeof nested.value === 'object' ? nested.value : `${value.length} bytes`;
}
