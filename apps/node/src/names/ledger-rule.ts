import type { LedgerEntry, OperationRule } from '@hypermesh/consensus';
import { checkRecord, equalBytes, s, toHex } from '@hypermesh/core';
import { parseVerifierKey } from '@hypermesh/trustchain/log';
import {
  decodeName,
  isWellKnownName,
  NAME_MAX_BYTES,
  type NameTrust,
  verifyName,
} from '@hypermesh/trustchain/names';
import type { MeshFacts } from '../mesh/facts.ts';

/** Records that one operation carries at most. */
const mostRecords = 8;

const bodySchema = s.record({
  key: s.text(64),
  value: s.array(s.bytes({ max: NAME_MAX_BYTES }), mostRecords),
});

/** Where the state holds a name. */
export const nameKey = (name: string): string => `name/${name}`;

/** The Ed25519 key of the mesh's authority: the one that signs its log, on which all members agreed at the founding. */
function authorityKeyOf(facts: MeshFacts): Uint8Array | undefined {
  const parsed = parseVerifierKey(facts.logKey);
  return parsed.ok ? parsed.key.publicKey : undefined;
}

/** Who may sign which name: the well-known ones the authority, every other whoever `ownerOf` says, or anybody first. */
export function nameTrust(
  facts: MeshFacts,
  ownerOf: (name: string) => Uint8Array | undefined = () => undefined,
): NameTrust {
  const authority = authorityKeyOf(facts);
  return {
    mesh: facts.root,
    isOwner(name, key) {
      if (isWellKnownName(name)) return authority !== undefined && equalBytes(key, authority);
      const owner = ownerOf(name);
      return owner === undefined || equalBytes(owner, key);
    },
  };
}

/**
 * `name.publish`: signed name records, each checked against the one that stands there. The well-known names are the
 * authority's, whoever hands them in; another name belongs to the member who first published it, under its own key.
 */
export function nameRules(facts: MeshFacts): Readonly<Record<string, OperationRule>> {
  return {
    'name.publish': (view, { operation, id, height, timeMs }) => {
      const body = checkRecord(bodySchema, operation.body);
      if (!body.ok || body.value.value.length === 0) return 'bad-body';
      for (const signed of body.value.value) {
        const decoded = decodeName(signed);
        if (!decoded.ok) return `name-${decoded.reason}`;
        const { name, owner } = decoded.record;
        const entry = view.get(nameKey(name)) as unknown as LedgerEntry | undefined;
        const present = entry === undefined ? undefined : decodeName(entry.value as Uint8Array);
        const before = present?.ok === true ? present : undefined;
        const trust = nameTrust(facts, () => before?.record.owner ?? operation.actor);
        const seen =
          before === undefined ? undefined : { sequence: before.record.sequence, bytes: before.bytes };
        const verdict = verifyName(signed, trust, { name, nowMs: timeMs, seen });
        if (!verdict.ok) return `name-${verdict.reason}`;
        // The same record again would say nothing new and change who is said to have published it.
        if (before?.record.sequence === verdict.record.sequence) return 'exists';
        if (!isWellKnownName(name) && toHex(owner) !== toHex(operation.actor)) return 'not-owner';
        view.set(nameKey(name), {
          v: 1,
          kind: operation.kind,
          owner: operation.actor,
          operation: id,
          height,
          value: signed,
        });
      }
      return 'ok';
    },
  };
}
