import { equalBytes } from '@hypermesh/core';
import type { Certificate } from './certificate.ts';
import { isKnownExtension, KeyUsage } from './extensions.ts';
import { Oid } from './oids.ts';
import type { Profile } from './purpose.ts';
import { type Problem, problem } from './reason.ts';
import type { SignatureResult } from './signature.ts';
import { sanSyntaxProblem } from './subject-names.ts';

/** What the rules need to know beside the certificate. */
export interface RuleContext {
  /** Cut to whole seconds. */
  readonly timeMs: number;
  readonly profile: Profile;
  readonly purposes: readonly string[];
}

/** Rules for every certificate of a path, roots included. */
export function commonProblem(certificate: Certificate, context: RuleContext): Problem | undefined {
  const { extensions } = certificate;
  if (context.timeMs < certificate.notBeforeMs) {
    return problem('not-yet-valid', `valid from ${date(certificate.notBeforeMs)}`, certificate);
  }
  if (context.timeMs > certificate.notAfterMs) {
    return problem('expired', `valid until ${date(certificate.notAfterMs)}`, certificate);
  }
  if (certificate.version !== 3) return problem('bad-version', 'not an X.509 v3 certificate', certificate);
  if (certificate.issuer.rdns.length === 0)
    return problem('bad-name', 'the issuer name is empty', certificate);
  const { kind, remark } = certificate.publicKey;
  if (kind === 'weak') return problem('weak-key', remark ?? 'weak key', certificate);
  for (const { oid, critical } of extensions.values()) {
    if (critical && !isKnownExtension(oid)) {
      return problem(
        'unknown-critical-extension',
        `critical extension ${oid} is not known here`,
        certificate,
      );
    }
  }
  for (const oid of neverCritical) {
    if (extensions.get(oid)?.critical === true) {
      return problem('bad-extension', `extension ${oid} must not be critical`, certificate);
    }
  }
  if (extensions.get(Oid.policyConstraints)?.critical === false) {
    return problem('bad-extension', 'policyConstraints must be critical', certificate);
  }
  const isCa = certificate.basicConstraints?.ca === true;
  if (certificate.nameConstraints !== undefined) {
    if (!isCa) return problem('bad-extension', 'nameConstraints in a certificate that is no CA', certificate);
    if (context.profile === 'rfc5280' && extensions.get(Oid.nameConstraints)?.critical !== true) {
      return problem('bad-extension', 'nameConstraints must be critical', certificate);
    }
  }
  return sanSyntaxProblem(certificate) ?? keyUsageProblem(certificate);
}

/** RFC 5280 §4.2.1.9: who is a CA may sign certificates, and nobody else. */
function keyUsageProblem(certificate: Certificate): Problem | undefined {
  const { keyUsage, basicConstraints } = certificate;
  if (keyUsage === undefined) return undefined;
  const mayIssue = (keyUsage & KeyUsage.keyCertSign) !== 0;
  return mayIssue === (basicConstraints?.ca === true)
    ? undefined
    : problem('bad-key-usage', 'cA and keyCertSign disagree', certificate);
}

const neverCritical = [Oid.authorityKeyIdentifier, Oid.subjectKeyIdentifier, Oid.authorityInfoAccess];

/**
 * Rules for what another CA issued: its serial number (RFC 5280 §4.1.2.2), and the key identifier of its issuer
 * (§4.2.1.1).
 */
export function issuedProblem(certificate: Certificate): Problem | undefined {
  const { serial, authorityKeyId } = certificate;
  if ((serial[0] as number) >= 0x80)
    return problem('bad-serial', 'the serial number is negative', certificate);
  if (serial.length === 1 && serial[0] === 0)
    return problem('bad-serial', 'the serial number is zero', certificate);
  if (serial.length > 20 && !(serial.length === 21 && serial[0] === 0)) {
    return problem('bad-serial', 'the serial number has more than 20 octets', certificate);
  }
  if (authorityKeyId?.keyId !== undefined) return undefined;
  return problem('bad-extension', 'authorityKeyIdentifier with a key identifier is missing', certificate);
}

/** Rules for an intermediate. */
export function intermediateProblem(certificate: Certificate, context: RuleContext): Problem | undefined {
  return issuerProblem(certificate, context) ?? issuedProblem(certificate);
}

/** Rules for a certificate that issued another of the path. */
function issuerProblem(certificate: Certificate, context: RuleContext): Problem | undefined {
  if (certificate.basicConstraints?.ca !== true)
    return problem('not-a-ca', 'not a CA certificate', certificate);
  const common = commonProblem(certificate, context);
  if (common !== undefined) return common;
  if (certificate.extensions.get(Oid.basicConstraints)?.critical !== true) {
    return problem('bad-extension', 'basicConstraints of a CA must be critical', certificate);
  }
  if (certificate.subject.rdns.length === 0) {
    return problem('bad-name', 'the subject of a CA must not be empty', certificate);
  }
  if (certificate.subjectKeyId === undefined) {
    return problem('bad-extension', 'a CA needs a subjectKeyIdentifier', certificate);
  }
  const allowed = certificate.extendedKeyUsage;
  if (allowed !== undefined && !allowed.includes(Oid.anyExtendedKeyUsage)) {
    const missing = context.purposes.find((purpose) => !allowed.includes(purpose));
    if (missing !== undefined)
      return problem('wrong-purpose', `the CA may not issue for ${missing}`, certificate);
  }
  return undefined;
}

/**
 * Rules for a trust anchor. A self-signed one needs no authority key identifier, and one that has it names itself;
 * any other must say who issued it. `ownSignature` costs a signature and is asked where it matters.
 */
export function anchorProblem(
  certificate: Certificate,
  context: RuleContext,
  ownSignature: () => SignatureResult,
): Problem | undefined {
  const issuer = issuerProblem(certificate, context);
  if (issuer !== undefined) return issuer;
  const { authorityKeyId, extendedKeyUsage } = certificate;
  if (!isSelfIssued(certificate) && authorityKeyId?.keyId === undefined && ownSignature() !== 'good') {
    return problem('bad-extension', 'authorityKeyIdentifier of a cross-signed root is missing', certificate);
  }
  if (isSelfIssued(certificate) && context.profile !== 'rfc5280') {
    const hasMore = authorityKeyId?.hasIssuer === true || authorityKeyId?.hasSerial === true;
    if (hasMore || !namesItself(certificate)) {
      return problem(
        'bad-extension',
        'authorityKeyIdentifier of a root must be its own key identifier',
        certificate,
      );
    }
    if (extendedKeyUsage !== undefined) {
      return problem('bad-extension', 'a root must not have extendedKeyUsage', certificate);
    }
  }
  return damagedRootProblem(certificate, ownSignature);
}

/**
 * Trust in a root does not come from its own signature, but a damaged one must not pass for the original. Old roots
 * signed with algorithms that nobody accepts any more stay usable: nothing else is signed so.
 */
export function damagedRootProblem(
  certificate: Certificate,
  ownSignature: () => SignatureResult,
): Problem | undefined {
  const isRoot =
    namesItself(certificate) && (isSelfIssued(certificate) || certificate.authorityKeyId !== undefined);
  if (!isRoot) return undefined;
  return ownSignature() === 'bad'
    ? problem('bad-signature', 'the root did not sign itself', certificate)
    : undefined;
}

/** Whether the authority key identifier, where there is one, is the certificate's own key identifier. */
function namesItself({ authorityKeyId, subjectKeyId }: Certificate): boolean {
  if (authorityKeyId === undefined) return true;
  const { keyId } = authorityKeyId;
  return keyId !== undefined && subjectKeyId !== undefined && equalBytes(keyId, subjectKeyId);
}

/** Subject and issuer have the same name; says nothing about keys (RFC 5280 §3.2). */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.subject.key === certificate.issuer.key;
}

function date(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
