import { equalBytes } from '@hypermesh/core';
import { decodeToken, type GrantReason, verifyGrant } from '../authority/grant.ts';
import type { VerifySignature } from '../authority/signed.ts';
import { type Fault, faultOf } from '../faults.ts';
import { rights } from '../translation/entries.ts';
import type { Translation } from '../translation/translation.ts';
import { type OperationCode, operations, rangeBytes } from '../wire/layout.ts';
import type { Request } from '../wire/requests.ts';
import type { HeldGrant } from './grants.ts';

/** What admission looks at. */
export interface AdmissionParts {
  readonly translation: Translation;
  readonly nowMs: number;
}

const needs: Partial<Record<OperationCode, number>> = {
  [operations.read]: rights.read,
  [operations.write]: rights.write,
  [operations.cas64]: rights.atomics,
  [operations.fetchAdd64]: rights.atomics,
};

/** One scratch address, so that translation allocates nothing. */
const address = { w0: 0, w1: 0, w2: 0, w3: 0 };

/** Reads the address of a range into the scratch words. */
export function addressAt({ frame, at }: Request, range: number): typeof address {
  const start = at + range * rangeBytes;
  address.w0 = frame.readUInt32BE(start);
  address.w1 = frame.readUInt32BE(start + 4);
  address.w2 = frame.readUInt32BE(start + 8);
  address.w3 = frame.readUInt32BE(start + 12);
  return address;
}

/** Whether a grant still stands: not ended, not over, of the region's present generation. */
export function standing(held: HeldGrant, { translation, nowMs }: AdmissionParts): Fault | undefined {
  if (held.ended !== undefined) return held.ended;
  if (nowMs >= held.grant.expiresMs) return 'Expired';
  if (translation.generationOf(held.slot) !== held.grant.generation) return 'StaleGeneration';
  return undefined;
}

/**
 * Whether a request may be applied: the grant stands, its rights suffice, every range lies in its region, atomics are
 * aligned to 8 bytes, the quota has room. What is admitted is applied, whatever happens to the grant meanwhile.
 */
export function admit(held: HeldGrant, request: Request, parts: AdmissionParts): Fault | undefined {
  const ended = standing(held, parts);
  if (ended !== undefined) return ended;
  const need = needs[request.operation] ?? 0;
  if ((held.grant.rights & need) !== need) return 'Protection';
  for (let range = 0; range < request.ranges; range += 1) {
    const words = addressAt(request, range);
    const length = request.frame.readUInt32BE(request.at + range * rangeBytes + 16);
    const slot = parts.translation.translate(words, length, need, parts.nowMs);
    if (slot < 0) return faultOf(-slot) ?? 'Unmapped';
    if (slot !== held.slot) return 'Protection';
    if (need === rights.atomics && (words.w3 & 7) !== 0) return 'Unsupported';
  }
  const { maxBytes, maxOperations } = held.grant;
  if (held.usedBytes + request.bytes > maxBytes || held.usedOperations + 1 > maxOperations) return 'Quota';
  return undefined;
}

/** What a token is checked against. */
export interface TokenParts {
  readonly grants: ReadonlyMap<string, HeldGrant>;
  readonly verify: VerifySignature;
  readonly holder: Uint8Array;
  readonly peer: string;
}

/** Finds the grant of a token: ours, unaltered, made out to this peer, with its key. */
export function checkToken(bytes: Uint8Array, parts: TokenParts): HeldGrant | Fault {
  const token = decodeToken(bytes);
  if (!token.ok) return faultOfToken(token.reason);
  const checked = verifyGrant(token.record, parts);
  if (!checked.ok) return faultOfToken(checked.reason);
  const { grant } = checked;
  if (!equalBytes(grant.holder, parts.holder)) return 'Protection';
  const held = parts.grants.get(grant.id);
  if (held === undefined) return 'StaleGeneration';
  if (!equalBytes(held.key, token.key)) return 'Integrity';
  const isSame = held.grant.address === grant.address && held.grant.generation === grant.generation;
  if (!isSame) return 'StaleGeneration';
  return grant.grantee === parts.peer ? held : 'Protection';
}

function faultOfToken(reason: GrantReason): Fault {
  switch (reason) {
    case 'malformed':
    case 'signature':
      return 'Integrity';
    default:
      return reason satisfies never;
  }
}
