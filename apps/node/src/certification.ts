import { type Clock, createReplaceable, type Log, type NodeId, type ReplaceableCell } from '@hypermesh/core';
import { publicKeysOf } from '@hypermesh/trustchain/ca';
import type { Certificate } from '@hypermesh/trustchain/x509';
import type { DataDirectory } from './data-directory.ts';
import { NodeError } from './errors.ts';
import type { Founder } from './founder.ts';
import { type Credentials, readChain } from './identity.ts';
import { chainIn, renewalAsk, renewByEnrolling, storeChain } from './join.ts';
import type { AddressBook } from './mesh/addresses.ts';
import { requestOf } from './mesh/members.ts';
import { type Peers, wait } from './mesh/peers.ts';
import { renewRequest } from './mesh/protocol.ts';
import { type Phase0, type Phase1, phase1 } from './phases.ts';

/** Phase 1 with the cell whose certificate is replaced when it is renewed. */
export type CertifiedPhase = Phase1 & { readonly credentials: ReplaceableCell<Credentials> };

/** How a node comes from phase 0 to phase 1. */
export interface Certification {
  readonly credentials: ReplaceableCell<Credentials>;
  /** With the certificate at hand, or with a fresh one where this node is the authority; undefined otherwise. */
  atHand(): Promise<CertifiedPhase | undefined>;
  /** Asks the founder until it gives a certificate that holds. Rejects only with the signal. */
  asked(signal: AbortSignal): Promise<CertifiedPhase>;
  /** Why the certificate at hand does not hold now; undefined where it does. */
  problem(): string | undefined;
  /** How asking ended the last time; undefined where nobody was asked, or it went well. */
  lastAsked(): string | undefined;
}

const firstAskMs = 500;
const longestAskMs = 30_000;

/** Looks at the certificate of a data directory; asks nobody yet. Throws `node/damaged-file`. */
export function createCertification(
  directory: DataDirectory,
  phase0: Phase0,
  parts: {
    readonly founder: Founder | undefined;
    readonly book: AddressBook;
    readonly clock: Clock;
    readonly log: Log;
  },
): Certification {
  const { founder, book, clock, log } = parts;
  const { keys, config, pinnedRoot, nodeId } = phase0;
  const credentials = createReplaceable<Credentials>({
    chain: readChain(directory.certificate),
    keys: keys.certificate,
  });
  const founderId = config.founder ?? nodeId;
  let asked: string | undefined;

  const look = () => phase1(phase0, credentials, clock);

  /** Takes a fresh chain, if it carries the node through phase 1. */
  function take(chain: readonly Certificate[]): CertifiedPhase {
    const fresh = createReplaceable<Credentials>({ chain, keys: keys.certificate });
    const verdict = phase1(phase0, fresh, clock);
    if (!verdict.ok) throw unusableCertificate(founderId, verdict.reason);
    storeChain(directory, chain);
    credentials.replace({ chain, keys: keys.certificate });
    return { ...verdict.next, credentials };
  }

  async function ask(signal: AbortSignal): Promise<CertifiedPhase> {
    const address = book.addressOf(founderId);
    const addresses = address === undefined ? [] : [address];
    return take(await renewByEnrolling(keys, pinnedRoot, { node: founderId, addresses }, signal));
  }

  async function atHand(): Promise<CertifiedPhase | undefined> {
    const first = look();
    if (first.ok) return { ...first.next, credentials };
    log.warn('certificate.unusable', { reason: first.reason });
    if (founder === undefined) return undefined;
    // An authority whose own certificate does not hold now certifies nothing: the clock is wrong, or its time is over.
    const problem = authorityProblem(readChain(directory.authority), clock.nowMs());
    if (problem === undefined) return take(await founder.certify(requestFor(phase0)));
    asked = problem;
    return undefined;
  }

  return {
    credentials,
    atHand,
    async asked(signal) {
      for (let delayMs = firstAskMs; ; delayMs = Math.min(longestAskMs, delayMs * 2)) {
        try {
          const phase = (await atHand()) ?? (founder === undefined ? await ask(signal) : undefined);
          if (phase !== undefined) {
            asked = undefined;
            return phase;
          }
        } catch (error) {
          signal.throwIfAborted();
          asked = error instanceof Error ? error.message : String(error);
          log.warn('certificate.not-given', { message: asked });
        }
        await wait(clock, delayMs, signal);
        signal.throwIfAborted();
      }
    },
    problem() {
      const verdict = look();
      return verdict.ok ? undefined : verdict.reason;
    },
    lastAsked: () => asked,
  };
}

function requestFor({ nodeId, keys }: Phase0 | Phase1) {
  return { nodeId, publicKeys: publicKeysOf(keys.certificate) };
}

function authorityProblem(chain: readonly Certificate[], nowMs: number): string | undefined {
  const early = chain.find(({ notBeforeMs }) => nowMs < notBeforeMs);
  const late = chain.find(({ notAfterMs }) => nowMs > notAfterMs);
  if (early !== undefined)
    return `the authority of this mesh begins ${new Date(early.notBeforeMs).toISOString()}`;
  return late === undefined
    ? undefined
    : `the authority of this mesh ended ${new Date(late.notAfterMs).toISOString()}`;
}

function unusableCertificate(by: NodeId, reason: string): NodeError {
  return new NodeError(
    { code: 'node/refused', by, reason, next: "check this machine's clock, then start again" },
    `This node has no certificate that holds: ${reason}`,
  );
}

/** A fresh certificate for a node that runs; stored only if it would carry the node through phase 1. */
export async function renewCertificate(
  directory: DataDirectory,
  phase: Phase1,
  parts: { readonly founder: Founder | undefined; readonly peers: Peers; readonly clock: Clock },
): Promise<readonly Certificate[]> {
  const { founder, peers, clock } = parts;
  const { keys, config, pinnedRoot, nodeId } = phase;
  const founderId = config.founder ?? nodeId;
  const chain =
    founder === undefined
      ? chainIn(
          await requestOf(
            await peers.sessionWith(founderId),
            renewRequest,
            await renewalAsk(keys, pinnedRoot),
          ),
          founderId,
        )
      : await founder.certify(requestFor(phase));
  const fresh = createReplaceable<Credentials>({ chain, keys: keys.certificate });
  const verdict = phase1({ ...phase, phase: 0 }, fresh, clock);
  if (!verdict.ok) throw unusableCertificate(founderId, verdict.reason);
  storeChain(directory, chain);
  return chain;
}
