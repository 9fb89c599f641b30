import type { LedgerEntry } from '@hypermesh/consensus';
import { type Clock, type Log, type NodeId, parseNodeId, toHex } from '@hypermesh/core';
import type { Ed25519Signer } from '@hypermesh/core/ed25519';
import {
  decodeName,
  isWellKnownName,
  type NameRecord,
  parseNameUrl,
  signName,
  verifyName,
  WELL_KNOWN_NAMES,
} from '@hypermesh/trustchain/names';
import { unlessAborted } from '../abort.ts';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import { nameKey, nameTrust } from './ledger-rule.ts';

/** A name of the mesh as the ledger has it, checked here. */
export interface NameView {
  readonly name: string;
  readonly url: string;
  readonly page: string;
  readonly nodes: readonly NodeId[];
  readonly sequence: number;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Ed25519 key that signed it, hex. */
  readonly owner: string;
  readonly ownerIs: 'authority' | 'member';
  readonly height: number;
  readonly operation: string;
  readonly state: 'valid' | 'expired' | 'not-yet';
  readonly wellKnown: boolean;
}

/** Names of the mesh. */
export interface Names {
  list(): readonly NameView[];
  /**
   * What `http3://NAME/PATH` or a bare NAME means. Throws `node/bad-flag` for what is no name, `node/not-found` for one that the
   * ledger does not know, `node/refused` where its record does not hold now.
   */
  resolve(text: string): NameView & { readonly path: string };
}

/** Makes the reading side over the ledger's state; each record is verified again when it is read. */
export function createNames(ledger: Pick<LedgerService, 'ledger'>, facts: MeshFacts, clock: Clock): Names {
  function read(name: string, value: unknown): NameView | undefined {
    const entry = value as LedgerEntry;
    const decoded = decodeName(entry.value as Uint8Array);
    if (!decoded.ok || decoded.record.name !== name) return undefined;
    const { record } = decoded;
    const trust = nameTrust(facts, () => record.owner);
    const verdict = verifyName(entry.value as Uint8Array, trust, { name, nowMs: clock.nowMs() });
    const isTimely = !verdict.ok && (verdict.reason === 'expired' || verdict.reason === 'not-yet-valid');
    if (!verdict.ok && !isTimely) return undefined;
    const wellKnown = isWellKnownName(name);
    return {
      name,
      url: `http3://${name}`,
      page: record.target.page,
      nodes: record.target.nodes,
      sequence: record.sequence,
      notBeforeMs: record.notBeforeMs,
      notAfterMs: record.notAfterMs,
      owner: toHex(record.owner),
      ownerIs: wellKnown ? 'authority' : 'member',
      height: entry.height,
      operation: entry.operation,
      state: verdict.ok ? 'valid' : verdict.reason === 'expired' ? 'expired' : 'not-yet',
      wellKnown,
    };
  }

  return {
    list: () =>
      [...ledger.ledger.entries('name/')].flatMap(
        ([key, value]) => read(key.slice('name/'.length), value) ?? [],
      ),
    resolve(text) {
      const url = parseNameUrl(text);
      if (!url.ok) {
        throw new NodeError(
          { code: 'node/bad-flag', flag: 'name', next: 'give a name such as caesar or http3://caesar' },
          `${text.slice(0, 100)} is no name of a mesh`,
        );
      }
      const value = ledger.ledger.get(nameKey(url.name));
      const found = value === undefined ? undefined : read(url.name, value);
      if (found === undefined) {
        throw new NodeError(
          {
            code: 'node/not-found',
            what: url.name,
            next: 'see the names of this mesh: hypermesh trust names',
          },
          `This mesh has no name ${url.name}`,
        );
      }
      if (found.state === 'valid') return { ...found, path: url.path };
      const reason = found.state === 'expired' ? 'its record has expired' : 'its record is not valid yet';
      const next = 'it is renewed while the node that founded the mesh runs; check the clocks';
      throw new NodeError({ code: 'node/refused', by: found.owner, reason, next }, `${found.url}: ${reason}`);
    },
  };
}

const day = 86_400_000;
/** A record lives so long, and is renewed when less than the rest is left. */
const lifetimeMs = 365 * day;
const renewBeforeMs = 30 * day;
/** Clocks may differ by so much. */
const skewMs = 60_000;
const mostNodes = 16;

/** Which of the well-known names need a new record, signed. None where all hold and lead where they should. */
export async function dueNames(
  names: Names,
  parts: {
    readonly mesh: string;
    readonly nodes: readonly NodeId[];
    readonly signer: Ed25519Signer;
    readonly nowMs: number;
  },
): Promise<readonly Uint8Array[]> {
  const { mesh, signer, nowMs } = parts;
  const nodes = parts.nodes.filter((node) => parseNodeId(node).ok).slice(0, mostNodes);
  const present = new Map(names.list().map((each) => [each.name, each]));
  const due = Object.entries(WELL_KNOWN_NAMES).filter(([name, page]) => {
    const found = present.get(name);
    if (found?.state !== 'valid' || found.page !== page) return true;
    return found.notAfterMs - nowMs < renewBeforeMs || found.nodes.join() !== nodes.join();
  });
  return Promise.all(
    due.map(([name, page]) => {
      const body: Omit<NameRecord, 'v' | 'kind' | 'owner'> = {
        ...{ mesh, name, target: { nodes: [...nodes], page } },
        sequence: (present.get(name)?.sequence ?? 0) + 1,
        notBeforeMs: nowMs - skewMs,
        notAfterMs: nowMs - skewMs + lifetimeMs,
      };
      return signName(body, signer);
    }),
  );
}

const lookEveryMs = day;

/** Keeps the well-known names published where the mesh's authority runs; `first` resolves when they were looked at once. */
export function keepNames(parts: {
  readonly ledger: LedgerService;
  readonly names: Names;
  readonly mesh: string;
  readonly nodes: readonly NodeId[];
  readonly signer: Ed25519Signer;
  readonly clock: Clock;
  readonly log: Log;
  /** Operations of this node that come before. */
  readonly after: Promise<unknown>;
  readonly signal: AbortSignal;
}): AsyncDisposable & { readonly first: Promise<void> } {
  const { ledger, names, mesh, nodes, signer, clock, log, after, signal } = parts;
  const stopping = new AbortController();
  const until = AbortSignal.any([signal, stopping.signal]);
  let cancel: () => void = () => undefined;

  async function look(): Promise<void> {
    await unlessAborted(after, until);
    const value = await dueNames(names, { mesh, nodes, signer, nowMs: clock.nowMs() });
    if (value.length > 0) {
      const { height } = await ledger.act('name.publish', { key: 'names', value: [...value] }, until);
      log.info('names.published', { names: value.length, height });
    }
  }

  const run = (): Promise<void> =>
    look()
      .catch((error: unknown) => {
        if (!until.aborted) log.warn('names.not-published', { message: String(error) });
      })
      .finally(() => {
        if (until.aborted) return;
        cancel = clock.schedule(lookEveryMs, () => {
          running = run();
        });
      });
  let running = run();
  return {
    first: running,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the node stops'));
      cancel();
      await running;
    },
  };
}
