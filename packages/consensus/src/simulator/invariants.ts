import type { Block } from '../engine/block.ts';
import { type Certificate, checkCertificate } from '../engine/certificate.ts';
import { leaderOf } from '../engine/leader.ts';
import { SIMPLEX_RULES } from '../engine/rules.ts';
import type { VoteScheme } from '../engine/scheme.ts';
import type { BlockId, Vote } from '../engine/vote.ts';

/** What must never happen, whatever the network and a third of the validators do. */
export type Violation =
  | { readonly kind: 'conflict'; readonly height: number; readonly node: number }
  | { readonly kind: 'broken-chain'; readonly height: number; readonly node: number }
  | { readonly kind: 'two-votes'; readonly view: number; readonly node: number; readonly detail: string }
  | { readonly kind: 'not-durable'; readonly view: number; readonly node: number; readonly detail: string }
  | { readonly kind: 'false-certificate'; readonly view: number; readonly node: number }
  | { readonly kind: 'wrong-proposer'; readonly height: number; readonly node: number }
  | { readonly kind: 'reported'; readonly view: number; readonly node: number; readonly detail: string }
  | { readonly kind: 'stalled'; readonly height: number; readonly goal: number; readonly node: number };

interface Signed {
  notarize: BlockId | undefined;
  finalize: BlockId | undefined;
  nullify: boolean;
}

/**
 * Watches all honest validators from outside. It knows the rules on its own and keeps what was ever sent, also
 * across restarts.
 */
export class Invariants {
  readonly violations: Violation[] = [];
  readonly #validators: number;
  readonly #scheme: VoteScheme;
  readonly #finalized = new Map<number, BlockId>();
  readonly #signed = new Map<number, Signed>();
  readonly #seen = new WeakSet<Certificate>();

  constructor(validators: number, scheme: VoteScheme) {
    this.#validators = validators;
    this.#scheme = scheme;
  }

  /** Final blocks by height. */
  get finalized(): ReadonlyMap<number, BlockId> {
    return this.#finalized;
  }

  committed(node: number, block: Block, parent: { readonly id: BlockId; readonly height: number }): void {
    const { height, view, proposer } = block.header;
    if (block.parentId !== parent.id || height !== parent.height + 1) {
      this.violations.push({ kind: 'broken-chain', height, node });
    }
    if (proposer !== leaderOf(view, this.#validators))
      this.violations.push({ kind: 'wrong-proposer', height, node });
    const known = this.#finalized.get(height);
    if (known === undefined) this.#finalized.set(height, block.id);
    else if (known !== block.id) this.violations.push({ kind: 'conflict', height, node });
  }

  /** A vote on the wire; `isDurable` says whether the log would hold it after a crash at this moment. */
  voted(node: number, vote: Vote, isDurable: boolean): void {
    const { kind, view, block } = vote;
    const key = view * 1_024 + node;
    const signed = this.#signed.get(key) ?? { notarize: undefined, finalize: undefined, nullify: false };
    this.#signed.set(key, signed);
    const complain = (detail: string): void => {
      this.violations.push({ kind: 'two-votes', view, node, detail });
    };
    if (kind === 'nullify') {
      if (signed.finalize !== undefined) complain('nullify after finalize');
      signed.nullify = true;
    } else {
      if (signed[kind] !== undefined && signed[kind] !== block) complain(`two to ${kind}`);
      if (kind === 'finalize' && signed.nullify) complain('finalize after nullify');
      signed[kind] = block;
    }
    if (!isDurable) this.violations.push({ kind: 'not-durable', view, node, detail: kind });
  }

  /** A certificate that an honest validator passes on. */
  certified(node: number, certificate: Certificate): void {
    if (this.#seen.has(certificate)) return;
    this.#seen.add(certificate);
    const quorum = SIMPLEX_RULES.quorum(this.#validators);
    if (checkCertificate(certificate, this.#scheme, { quorum })) return;
    this.violations.push({ kind: 'false-certificate', view: certificate.view, node });
  }
}
