import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createGenesis, decodeGenesis, type Genesis } from '@hypermesh/consensus';
import {
  type ChainId,
  type Clock,
  compareBytes,
  decodeRecord,
  encodeRecord,
  type Infer,
  type NodeId,
  record,
  s,
  toHex,
} from '@hypermesh/core';
import { type DataDirectory, readIfPresent, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import { foundingPlots, foundingPower } from '../ledger/options.ts';
import { factsBinding, type MeshFacts } from './facts.ts';
import { type Invitation, tokenDigest } from './invitation.ts';

const founderMember = record({
  v: s.literal(1),
  node: s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
  name: s.text(32),
  key: s.bytes({ length: 32 }),
  vrfKey: s.bytes({ length: 32 }),
  /** Id of the keys with which it signs artifacts. */
  signer: s.text(128),
});

/** A node that will be in the genesis. */
export type FoundingMember = Infer<typeof founderMember>;

const foundingFile = record({
  v: s.literal(1),
  mesh: s.text(64),
  validators: s.uint(256),
  root: s.text(96),
  /** Tokens that have not been used; they prove nothing once their node has joined. */
  tokens: s.array(s.bytes({ length: 32 }), 256),
});

/** A genesis with the facts that it is bound to. */
export interface FoundGenesis {
  readonly genesis: Genesis;
  readonly chainId: ChainId;
  readonly bytes: Uint8Array;
  readonly facts: MeshFacts;
}

/** What the first node keeps until the genesis is made, and what it then made of it. */
export interface Founding {
  readonly wanted: number;
  members(): readonly FoundingMember[];
  /** The token that an enrolment names by its digest, if it may still be used by this node. */
  tokenFor(digest: string, node: NodeId): Uint8Array | undefined;
  /**
   * Takes a member in, durably, and its token out of use. The same node may come again with the same token, so that
   * an answer that was lost on its way can be asked for again. Throws `node/refused` for a token that another node has
   * used meanwhile, for a name or key that is taken, and where no place is left: what is admitted makes a genesis.
   */
  admit(member: FoundingMember, digest: string | undefined): void;
  /** The genesis, made once all members are there and bound to the log's key; undefined before. */
  genesis(logKey: string): FoundGenesis | undefined;
  invitations(node: NodeId, addresses: readonly string[]): readonly Invitation[];
}

/** Prepares a founding with tokens for all members but the first. */
export function createFounding(
  directory: DataDirectory,
  options: { readonly mesh: string; readonly validators: number; readonly root: string; token(): Uint8Array },
): void {
  const tokens = Array.from({ length: options.validators - 1 }, () => options.token());
  const { mesh, validators, root } = options;
  writeDurably(directory.founding, encodeRecord(foundingFile, { v: 1, mesh, validators, root, tokens }));
}

/** Opens the founding of a data directory, or answers undefined where this node founded nothing. */
export function openFounding(directory: DataDirectory, clock: Clock): Founding | undefined {
  const bytes = readIfPresent(directory.founding);
  if (bytes === undefined) return undefined;
  const decoded = decodeRecord(foundingFile, bytes);
  if (!decoded.ok) throw damaged(directory.founding, decoded.reason);
  const { mesh, validators, root, tokens } = decoded.value;
  const tokenOf = new Map(tokens.map((token) => [tokenDigest(token), token]));
  const usedBy = new Map<string, NodeId>();
  const admitted = new Map<NodeId, FoundingMember>(
    readMembers(directory).map(({ member, digest }) => {
      if (digest !== undefined) usedBy.set(digest, member.node);
      return [member.node, member];
    }),
  );

  return {
    wanted: validators,
    members: () => [...admitted.values()],
    tokenFor(digest, node) {
      const user = usedBy.get(digest);
      return user === undefined || user === node ? tokenOf.get(digest) : undefined;
    },
    admit(member, digest) {
      const user = digest === undefined ? undefined : usedBy.get(digest);
      if (user !== undefined && user !== member.node)
        throw refused('the invitation is used', 'ask for another invitation');
      const present = admitted.get(member.node);
      if (present !== undefined) {
        if (present.name === member.name) return;
        throw refused(`this node is ${present.name} already`, `join with --name ${present.name}`);
      }
      const fault = faultOf(member, [...admitted.values()]);
      if (fault !== undefined) throw refused(fault, 'join with another --name, or with fresh keys');
      if (admitted.size >= validators)
        throw refused('the mesh has all its founding members', 'ask to join later');
      writeDurably(
        join(directory.enrolments, `${member.node}.cbor`),
        encodeRecord(admittedFile, { v: 1, member, ...(digest === undefined ? {} : { invitation: digest }) }),
      );
      admitted.set(member.node, member);
      if (digest !== undefined) usedBy.set(digest, member.node);
    },
    genesis(logKey) {
      const present = readIfPresent(directory.genesis);
      if (present === undefined && admitted.size < validators) return undefined;
      const members = [...admitted.values()].sort((a, b) => compareBytes(a.key, b.key));
      const signers = Object.fromEntries(members.map(({ node, signer }) => [node, signer]));
      const facts: MeshFacts = { v: 1, root, logKey, signers };
      if (present !== undefined) return { ...openGenesis(present, directory.genesis), facts };
      const made = createGenesis({
        name: mesh,
        createdMs: clock.nowMs(),
        profile: 'localhost',
        members: members.map(({ name, key, vrfKey }) => ({
          name,
          key,
          vrfKey,
          power: foundingPower,
          validator: true,
          space: foundingPlots,
        })),
        bindings: factsBinding(facts),
      });
      writeDurably(directory.genesis, made.bytes);
      return { ...made, facts };
    },
    invitations: (node, addresses) =>
      [...tokenOf].flatMap(([digest, token]) =>
        usedBy.has(digest) ? [] : [{ v: 1, root, addresses, node, token }],
      ),
  };
}

/** What of a new member no genesis could list beside the others, in words. */
function faultOf(member: FoundingMember, others: readonly FoundingMember[]): string | undefined {
  if (others.some(({ name }) => name === member.name)) return `the name ${member.name} is taken`;
  const taken = [member, ...others].flatMap(({ key, vrfKey }) => [toHex(key), toHex(vrfKey)]);
  return new Set(taken).size < taken.length ? 'a key of it is taken' : undefined;
}

const admittedFile = record({ v: s.literal(1), member: founderMember, invitation: s.optional(s.text(64)) });

function readMembers(
  directory: DataDirectory,
): { readonly member: FoundingMember; readonly digest: string | undefined }[] {
  let names: string[];
  try {
    names = readdirSync(directory.enrolments).filter((name) => name.endsWith('.cbor'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names.map((name) => {
    const path = join(directory.enrolments, name);
    const decoded = decodeRecord(admittedFile, readIfPresent(path) ?? new Uint8Array());
    if (!decoded.ok) throw damaged(path, decoded.reason);
    return { member: decoded.value.member, digest: decoded.value.invitation };
  });
}

/** Reads the genesis that a data directory holds. Throws `node/damaged-file`. */
export function openGenesis(
  bytes: Uint8Array,
  file: string,
): { readonly genesis: Genesis; readonly chainId: ChainId; readonly bytes: Uint8Array } {
  const decoded = decodeGenesis(bytes);
  if (!decoded.ok) throw damaged(file, decoded.reason);
  return { genesis: decoded.genesis, chainId: decoded.chainId, bytes };
}

function damaged(file: string, reason: string): NodeError {
  return new NodeError(
    { code: 'node/damaged-file', file, reason, next: 'restore it from a copy' },
    `${file} cannot be used: ${reason}`,
  );
}

function refused(reason: string, next: string): NodeError {
  return new NodeError({ code: 'node/refused', by: 'founder', reason, next }, reason);
}
