import {
  decodeSignedReceipt,
  encodeReceipt,
  encodeSignedReceipt,
  type SignatureCheck,
  usageMessage,
} from '@hypermesh/caesar';
import {
  type ChainId,
  concatBytes,
  decodeRecord,
  encodeRecord,
  fromHex,
  type NodeId,
  nodeIdOf,
  type OperationId,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { publicKeyOf, sign, verify } from '@hypermesh/core/ed25519';

const detail = record({
  v: s.literal(1),
  exit: s.text(32),
  memoryPages: s.uint(65_536),
  output: s.bytes({ length: 32 }),
});

/** What an executing node says, under its signature, that a run used. `output` is its SHA-256, zeros where there is none. */
export interface UsageReceipt {
  readonly lease: OperationId;
  readonly executor: NodeId;
  readonly fuel: bigint;
  readonly wallMs: number;
  readonly exit: string;
  readonly memoryPages: number;
  readonly output: Uint8Array;
}

/** Largest signed receipt, bytes. */
export const maxUsageBytes = 1024;

const keyBytes = 32;

/** The context of a chain's receipts: one that was signed for another chain does not count. */
export function chainContext(chainId: ChainId): Uint8Array {
  const bytes = fromHex(chainId);
  if (!bytes.ok) throw new TypeError(`a chain id is hex: ${bytes.reason}`);
  return bytes.bytes;
}

/**
 * A node's id is the hash of its key, so a signature carries the key before it, and needs no registry. Deterministic:
 * the one rule for Ed25519 that all validators have.
 */
export const nodeSignatures: SignatureCheck = {
  verify(by, message, signature) {
    if (signature.length !== keyBytes + 64) return false;
    const key = signature.subarray(0, keyBytes);
    return nodeIdOf(key) === by && verify(signature.subarray(keyBytes), message, key);
  },
};

/** Signs what a run used with the Ed25519 key of the node that executed it. */
export function signUsage(usage: UsageReceipt, chainId: ChainId, secretKey: Uint8Array): Uint8Array {
  const { lease, executor, fuel, wallMs, exit, memoryPages, output } = usage;
  const bytes = encodeReceipt({
    v: 1,
    lease,
    provider: executor,
    sequence: 1,
    units: fuel,
    durationMs: wallMs,
    detail: encodeRecord(detail, { v: 1, exit, memoryPages, output }),
  });
  const signature = sign(usageMessage(bytes, chainContext(chainId)), secretKey);
  const provider = concatBytes(publicKeyOf(secretKey), signature);
  return encodeSignedReceipt({ bytes, signatures: { provider } });
}

/** Reads a receipt from anybody, and checks that the node which it names signed it for this chain. */
export function openUsage(bytes: Uint8Array, chainId: ChainId): Verdict<{ usage: UsageReceipt }> {
  const decoded = decodeSignedReceipt(bytes);
  if (!decoded.ok) return decoded;
  const { receipt, signatures } = decoded;
  const message = usageMessage(decoded.bytes, chainContext(chainId));
  if (!nodeSignatures.verify(receipt.provider, message, signatures.provider))
    return { ok: false, reason: 'bad-signature' };
  const inner = decodeRecord(detail, receipt.detail);
  if (!inner.ok) return { ok: false, reason: inner.reason };
  const { exit, memoryPages, output } = inner.value;
  const lease = receipt.lease as OperationId;
  const executor = receipt.provider as NodeId;
  const { units: fuel, durationMs: wallMs } = receipt;
  return { ok: true, usage: { lease, executor, fuel, wallMs, exit, memoryPages, output } };
}
