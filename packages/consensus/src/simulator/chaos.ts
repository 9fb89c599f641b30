import type { Block } from '../engine/block.ts';
import type { Certificate } from '../engine/certificate.ts';
import { leaderOf } from '../engine/leader.ts';
import type { Message } from '../engine/message.ts';
import type { VoteScheme } from '../engine/scheme.ts';
import { type Head, headOf } from '../engine/state.ts';
import type { BlockId, VoteKind } from '../engine/vote.ts';
import type { Participant, World } from './world.ts';

const REMEMBERED_BLOCKS = 64;

/**
 * A validator that does whatever harms: as leader several blocks at once, on fresh and on stale parents, each to
 * some; out of turn too; votes for everything and against it, each to some; forged and altered certificates.
 */
export class ChaosValidator implements Participant {
  readonly #world: World;
  readonly #index: number;
  readonly #scheme: VoteScheme;
  readonly #blocks: Block[] = [];
  readonly #proposed = new Set<number>();
  #view = 1;

  constructor(world: World, index: number) {
    this.#world = world;
    this.#index = index;
    this.#scheme = world.model.schemeOf(index);
    world.schedule(0, () => this.#lead());
  }

  receive(_from: number, message: Message): void {
    const { random } = this.#world;
    if (message.type === 'block') {
      this.#remember(message.block);
      this.#vote('notarize', message.block.header.view, message.block.id);
    } else if (message.type === 'vote' && message.vote.kind === 'notarize') {
      const { view, block } = message.vote;
      if (random.below(3) === 0) this.#vote('finalize', view, block);
      if (random.below(3) === 0) this.#vote('nullify', view, '');
      if (random.below(6) === 0) this.#forge(view, block);
    } else if (message.type === 'certificate') {
      const { certificate } = message;
      if (random.below(4) === 0) this.#sayToSome(message);
      if (random.below(8) === 0) this.#forge(certificate.view, certificate.block);
      if (certificate.view >= this.#view) {
        this.#view = certificate.view + 1;
        this.#lead();
      }
    }
  }

  #remember(block: Block): void {
    if (this.#blocks.some(({ id }) => id === block.id)) return;
    this.#blocks.push(block);
    if (this.#blocks.length > REMEMBERED_BLOCKS) this.#blocks.shift();
  }

  #sayToSome(message: Message): void {
    const { random, validators } = this.#world;
    for (let to = 0; to < validators; to += 1)
      if (random.below(2) === 0) this.#world.send(this.#index, to, message);
  }

  #vote(kind: VoteKind, view: number, block: BlockId): void {
    const signature = this.#scheme.sign?.({ kind, view, block }) as Uint8Array;
    this.#sayToSome({ type: 'vote', vote: { kind, view, block, signer: this.#index, signature } });
  }

  #lead(): void {
    const { random, validators } = this.#world;
    const view = this.#view;
    const isLeader = leaderOf(view, validators) === this.#index;
    if (this.#proposed.has(view) || (!isLeader && random.below(4) > 0)) return;
    this.#proposed.add(view);
    const count = 1 + random.below(3);
    for (let index = 0; index < count; index += 1) this.#propose(view, this.#parent(view));
  }

  /** Mostly a recent block, at times an old one or the genesis. */
  #parent(view: number): Head {
    const { random, model } = this.#world;
    const below = this.#blocks.filter(({ header }) => header.view < view);
    const choice = random.below(8);
    const block = below[below.length - 1 - (choice < 5 ? 0 : random.below(Math.min(4, below.length) || 1))];
    return block === undefined || choice === 7 ? model.genesis : headOf(block);
  }

  #propose(view: number, parent: Head): void {
    const world = this.#world;
    const before = this.#blocks.find(({ id }) => id === parent.id);
    const state = before
      ? { height: before.header.stateHeight, root: before.header.stateRoot }
      : { height: 0, root: world.model.rootOf(world.model.genesis) };
    const block = world.model.makeBlock(parent, { view, proposer: this.#index, nonce: world.nonce++, state });
    this.#remember(block);
    this.#sayToSome({ type: 'block', block });
    this.#vote('notarize', view, block.id);
    this.#vote('finalize', view, block.id);
  }

  /** A certificate whose signatures are not the signers', or that names one signer again and again. */
  #forge(view: number, block: BlockId): void {
    const { random, validators } = this.#world;
    const quorum = validators - Math.floor((validators - 1) / 3);
    const kind = (['notarize', 'nullify', 'finalize'] as const)[random.below(3)] as VoteKind;
    const others =
      this.#blocks[this.#blocks.length - 1 - random.below(Math.min(3, this.#blocks.length) || 1)];
    const named = kind === 'nullify' ? '' : random.below(2) === 0 ? (others?.id ?? block) : block;
    if (kind !== 'nullify' && named === '') return;
    const signature = this.#scheme.sign?.({ kind, view, block: named }) as Uint8Array;
    const isRepeated = this.#world.options.fidelity !== 'real' && random.below(2) === 0;
    const signers = Array.from({ length: quorum }, (_, index) => (isRepeated ? this.#index : index));
    const certificate: Certificate = {
      kind,
      view,
      block: named,
      signers,
      signatures: signers.map(() => signature),
    };
    this.#sayToSome({ type: 'certificate', certificate });
  }
}
