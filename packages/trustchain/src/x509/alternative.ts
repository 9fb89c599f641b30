import type { Budget } from './budget.ts';
import type { Certificate } from './certificate.ts';
import { DerReader } from './der/reader.ts';
import { sequence, tlv } from './der/writer.ts';
import type { KeyKind } from './key.ts';
import { Oid } from './oids.ts';
import { verifySignature } from './signature.ts';

/**
 * How the alternative (post-quantum) signatures of a path came out: `ok` when every certificate under the anchor
 * carries a good one by its issuer's alternative key, `bad` when one is there and is not good, else `absent`. Only ML-DSA
 * counts: a second classical signature would be no answer to who can forge the first.
 */
export type AlternativeResult = 'ok' | 'absent' | 'bad';

const postQuantum: readonly KeyKind[] = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'];

/** Checks the alternative signatures of a path, leaf first (X.509 (2019) §9.8). One signature a certificate. */
export function checkAlternative(path: readonly Certificate[], budget: Budget): AlternativeResult {
  let result: AlternativeResult = 'ok';
  for (let i = 0; i < path.length - 1; i++) {
    const { altSignature, altSignatureAlgorithm, tbs } = path[i] as Certificate;
    const key = (path[i + 1] as Certificate).altPublicKey;
    if (altSignature === undefined && altSignatureAlgorithm === undefined) {
      result = 'absent';
      continue;
    }
    if (altSignature === undefined || altSignatureAlgorithm === undefined || key === undefined) return 'bad';
    if (!postQuantum.includes(key.kind)) {
      result = 'absent';
      continue;
    }
    budget.spend('signatures');
    const verified = verifySignature(altSignatureAlgorithm, key, preTbs(tbs), altSignature);
    if (verified === 'bad') return 'bad';
    if (verified === 'unsupported') result = 'absent';
  }
  return path.length > 1 ? result : 'absent';
}

/** Whether a certificate's alternative extensions are critical, so that nobody may pass over them. */
export function demandsAlternative({ extensions }: Certificate): boolean {
  return [Oid.subjectAltPublicKeyInfo, Oid.altSignatureAlgorithm, Oid.altSignatureValue].some(
    (oid) => extensions.get(oid)?.critical === true,
  );
}

/**
 * What an alternative signature is made over (X.509 (2019) §7.2.2 and §9.8.4): the TBSCertificate without its
 * `signature` field and without the altSignatureValue extension.
 */
function preTbs(tbs: Uint8Array): Uint8Array {
  const outer = new DerReader(tbs).sequence('tbsCertificate');
  const fields: Uint8Array[] = [];
  for (let index = 0; !outer.done; index++) {
    if (outer.peek() === 0xa3) {
      fields.push(tlv(0xa3, withoutValue(outer.enter(0xa3, 'extensions'))));
    } else {
      const field = outer.raw('field');
      if (index !== 2) fields.push(field); // version, serial number, signature: version 3 is always written
    }
  }
  return sequence(...fields);
}

function withoutValue(explicit: DerReader): Uint8Array {
  const list = explicit.sequence('extensions');
  const kept: Uint8Array[] = [];
  while (!list.done) {
    const start = list.at;
    const item = list.sequence('extension');
    if (item.oid('identifier') !== Oid.altSignatureValue) kept.push(list.since(start));
  }
  return sequence(...kept);
}
