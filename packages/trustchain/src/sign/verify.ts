import { equalBytes, type Verdict } from '@hypermesh/core';
import { type LogProofReason, verifyLogProof } from '../log/proof.ts';
import { suiteFor } from '../suite/registry.ts';
import { type ContentDigest, digestOf } from './content.ts';
import {
  type Bundle,
  type BundleFormatReason,
  decodeBundle,
  type SignerKeys,
  type Statement,
  signerId,
} from './format.ts';
import { logEntryOf, signedMessage } from './sign.ts';

/**
 * Decides whether a certificate chain (DER, leaf first) belongs to a signer and was good when it signed. Works offline,
 * never throws, keeps its own bounds; `reason` is shown in the check.
 */
export interface ChainCheck {
  verifyChain(
    chain: readonly Uint8Array[],
    signer: { readonly id: string; readonly keys: SignerKeys },
    signedAtMs: number,
  ): Verdict<object, string> | Promise<Verdict<object, string>>;
}

/** Whom to believe. Everything named here is demanded; at least `signers` or `chain` must be. */
export interface BundleTrust {
  /** Ids of signers (`signerId`); the bundle's must be one of them. */
  readonly signers?: readonly string[] | undefined;
  /** Demands a chain and asks this of it. */
  readonly chain?: ChainCheck | undefined;
  /** Verifier keys of logs; demands a proof from one of them. */
  readonly logs?: readonly string[] | undefined;
}

/** What is looked at, in this order. */
export type BundleCheckName =
  | 'format'
  | 'content'
  | 'ed25519'
  | 'falcon-1024-r3'
  | 'signer'
  | 'chain'
  | 'log';

/** Why a check failed; `chain-refused: …` carries what the chain check said. */
export type BundleReason =
  | BundleFormatReason
  | LogProofReason
  | 'other-content'
  | 'bad-signature'
  | 'nobody-trusted'
  | 'unknown-signer'
  | 'missing'
  | `chain-refused: ${string}`;

/** One check. `not-asked` is what the trust does not demand, `not-run` what could not be reached. */
export type BundleCheck =
  | { readonly name: BundleCheckName; readonly verdict: 'passed' | 'not-asked' | 'not-run' }
  | { readonly name: BundleCheckName; readonly verdict: 'failed'; readonly reason: BundleReason };

/** The outcome: `ok` when no check failed or was left out. `reason` is the first failure, `checks` has all of them. */
export type BundleVerdict =
  | {
      readonly ok: true;
      readonly checks: readonly BundleCheck[];
      readonly statement: Statement;
      readonly signer: string;
    }
  | { readonly ok: false; readonly reason: BundleReason; readonly checks: readonly BundleCheck[] };

const REST: readonly BundleCheckName[] = ['content', 'ed25519', 'falcon-1024-r3', 'signer', 'chain', 'log'];

/**
 * Checks a bundle against the bytes it speaks of, without a network. Every check is made even when an earlier one
 * failed, so that a person sees all that is wrong. Bad bundles never throw.
 */
export async function verifyBundle(
  bytes: Uint8Array,
  content: Uint8Array | ContentDigest,
  trust: BundleTrust,
): Promise<BundleVerdict> {
  const actual = await digestOf(content);
  const decoded = decodeBundle(bytes);
  if (!decoded.ok) {
    const rest = REST.map((name) => ({ name, verdict: 'not-run' as const }));
    return { ok: false, reason: decoded.reason, checks: [failed('format', decoded.reason), ...rest] };
  }
  const { bundle, statement } = decoded;
  const id = signerId(statement.signer);
  const message = signedMessage(bundle.statement);
  const { ed25519, falcon1024 } = statement.signer;
  const { digest, sizeBytes } = statement.subject;
  const signed = (name: 'ed25519' | 'falcon-1024-r3', isGood: boolean) =>
    isGood ? passed(name) : failed(name, 'bad-signature');
  const checks: BundleCheck[] = [
    passed('format'),
    sizeBytes === actual.sizeBytes && equalBytes(digest, actual.digest)
      ? passed('content')
      : failed('content', 'other-content'),
    signed('ed25519', await suiteFor('ed25519').verify(bundle.ed25519, message, ed25519)),
    signed('falcon-1024-r3', await suiteFor('falcon-1024-r3').verify(bundle.falcon1024, message, falcon1024)),
    checkSigner(id, trust),
    await checkChain(bundle, statement, id, trust),
    checkLog(bundle, trust),
  ];
  const failure = checks.find((check) => check.verdict === 'failed');
  if (failure?.verdict === 'failed') return { ok: false, reason: failure.reason, checks };
  return { ok: true, checks, statement, signer: id };
}

const passed = (name: BundleCheckName): BundleCheck => ({ name, verdict: 'passed' });
const notAsked = (name: BundleCheckName): BundleCheck => ({ name, verdict: 'not-asked' });
const failed = (name: BundleCheckName, reason: BundleReason): BundleCheck => ({
  name,
  verdict: 'failed',
  reason,
});

function checkSigner(id: string, { signers, chain }: BundleTrust): BundleCheck {
  if (signers === undefined)
    return chain === undefined ? failed('signer', 'nobody-trusted') : notAsked('signer');
  return signers.includes(id) ? passed('signer') : failed('signer', 'unknown-signer');
}

async function checkChain(
  { chain }: Bundle,
  { signer: keys, signedAtMs }: Statement,
  id: string,
  trust: BundleTrust,
): Promise<BundleCheck> {
  if (trust.chain === undefined) return notAsked('chain');
  if (chain === undefined || chain.length === 0) return failed('chain', 'missing');
  const verdict = await trust.chain.verifyChain(chain, { id, keys }, signedAtMs);
  return verdict.ok ? passed('chain') : failed('chain', `chain-refused: ${verdict.reason}`);
}

function checkLog(bundle: Bundle, { logs }: BundleTrust): BundleCheck {
  if (logs === undefined) return notAsked('log');
  if (bundle.log === undefined) return failed('log', 'missing');
  const entry = logEntryOf(bundle);
  let reason: BundleReason = 'not-signed-by-key';
  for (const verifierKey of logs) {
    const verdict = verifyLogProof(entry, bundle.log, verifierKey);
    if (verdict.ok) return passed('log');
    // What another log's key says of this proof tells nothing.
    if (verdict.reason !== 'not-signed-by-key') reason = verdict.reason;
  }
  return failed('log', reason);
}
