import { type Clock, type NodeId, parseCid, parseNodeId, type Random } from '@hypermesh/core';
import { badArgument } from '../errors.ts';
import type { Certificate, CertificateSource } from '../x509/certificate.ts';
import { KeyUsage } from '../x509/extensions.ts';
import { fingerprint, nodeUri, signerUri } from '../x509/identity.ts';
import { Oid } from '../x509/oids.ts';
import { toPem } from '../x509/pem.ts';
import { buildCertificate } from './build.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyIdentifier,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyIdentifier,
} from './encode.ts';
import { type CertificateKeys, type CertificatePublicKeys, publicKeysOf } from './keys.ts';
import {
  newSerial,
  requireAddress,
  requireCertificate,
  requireCommonName,
  requireDomain,
  requireLifetime,
  requireOwnKeys,
  requirePublicKeys,
} from './requirements.ts';
import {
  buildRevocationList,
  type RevocationListRequest,
  type SignedRevocationList,
} from './revocation-list.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long certificates live where nobody says otherwise, and at most (`maxNode`). */
export const lifetimesMs: Readonly<Record<'root' | 'intermediate' | 'signer' | 'node' | 'maxNode', number>> =
  {
    root: 3650 * DAY_MS,
    intermediate: 90 * DAY_MS,
    signer: 30 * DAY_MS,
    node: DAY_MS,
    maxNode: 7 * DAY_MS,
  };

/** A new certificate counts from a little earlier, for peers whose clocks are behind. */
const BACKDATE_MS = 5 * MINUTE_MS;

/** What an authority needs: the time, and randomness for serial numbers. */
export interface AuthorityPorts {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly random: Random;
}

export interface AuthorityOptions {
  readonly commonName: string;
  readonly organization?: string;
  /** The DNS name under which nodes are named, `spiffe://TRUST-DOMAIN/node/NODE-ID`. Default `hypermesh.online`. */
  readonly trustDomain?: string;
  readonly keys: CertificateKeys;
  readonly lifetimeMs?: number;
}

export interface IntermediateRequest {
  readonly commonName: string;
  readonly publicKeys: CertificatePublicKeys;
  readonly lifetimeMs?: number;
  /** Authorities allowed under it. Default 0: it signs nodes only. */
  readonly pathLength?: number;
  /** Where there are any, it may issue for DNS names under these domains alone. */
  readonly permittedDomains?: readonly string[];
}

export interface NodeCertificateRequest {
  readonly nodeId: NodeId;
  readonly publicKeys: CertificatePublicKeys;
  readonly dnsNames?: readonly string[];
  /** IPv6 or IPv4 literals. */
  readonly addresses?: readonly string[];
  readonly lifetimeMs?: number;
}

export interface SignerCertificateRequest {
  /** The id of a bundle signer: `signerId` of `/sign`, which names both its keys. */
  readonly signerId: string;
  readonly publicKeys: CertificatePublicKeys;
  readonly lifetimeMs?: number;
}

/** A certificate that was issued; `chainPem` is leaf first, up to and without the root. */
export interface IssuedCertificate {
  readonly certificate: Certificate;
  readonly pem: string;
  readonly chainPem: readonly string[];
}

/**
 * A certificate authority: its certificate and the keys that sign with it. Everything it issues is P-256 with the
 * ML-DSA-65 key and signature beside it, never outlives it, and is decoded again before it is handed out.
 */
export interface CertificateAuthority {
  readonly certificate: Certificate;
  readonly trustDomain: string;
  /** Its own certificate first, root last. */
  readonly chainPem: readonly string[];
  readonly rootPem: string;
  readonly rootFingerprint: string;
  issueIntermediate(request: IntermediateRequest): Promise<IssuedCertificate>;
  issueNodeCertificate(request: NodeCertificateRequest): Promise<IssuedCertificate>;
  /** For `codeSigning` alone: says that bundles of this signer come from who holds the certified keys. */
  issueSignerCertificate(request: SignerCertificateRequest): Promise<IssuedCertificate>;
  issueRevocationList(request: RevocationListRequest): Promise<SignedRevocationList>;
}

/** Makes a self-signed root. Its keys are for `init` alone: let an intermediate sign what comes later. */
export async function createCertificateAuthority(
  options: AuthorityOptions,
  ports: AuthorityPorts,
): Promise<CertificateAuthority> {
  const { keys, commonName, organization, trustDomain = 'hypermesh.online' } = options;
  requireDomain('trustDomain', trustDomain);
  const name = distinguishedName({
    commonName: requireCommonName(commonName),
    organization: requireCommonName(organization ?? trustDomain),
  });
  const keyId = keyIdentifier(keys.p256.publicKey);
  const notBeforeMs = ports.clock.nowMs() - BACKDATE_MS;
  const der = await buildCertificate(
    {
      serial: newSerial(ports.random),
      issuer: name,
      subject: name,
      notBeforeMs,
      notAfterMs: notBeforeMs + requireLifetime(options.lifetimeMs ?? lifetimesMs.root),
      publicKeys: publicKeysOf(keys),
      extensions: [
        basicConstraints(true),
        keyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign),
        subjectKeyIdentifier(keyId),
        authorityKeyIdentifier(keyId),
      ],
    },
    keys,
  );
  return openCertificateAuthority({ chain: [der], keys, trustDomain }, ports);
}

/** An authority from its certificate chain, its own first and the root last, and the keys that a keystore gave back. */
export async function openCertificateAuthority(
  options: {
    readonly chain: readonly CertificateSource[];
    readonly keys: CertificateKeys;
    readonly trustDomain?: string;
  },
  ports: AuthorityPorts,
): Promise<CertificateAuthority> {
  const { keys, trustDomain = 'hypermesh.online' } = options;
  requireDomain('trustDomain', trustDomain);
  const chain = options.chain.map(requireCertificate);
  const [own] = chain;
  const root = chain.at(-1);
  if (own === undefined || root === undefined) throw badArgument('chain', 'at least one certificate');
  await requireOwnKeys(own, keys);
  return new SigningAuthority(own, chain, { keys, trustDomain, ports, rootFingerprint: fingerprint(root) });
}

class SigningAuthority implements CertificateAuthority {
  readonly certificate: Certificate;
  readonly trustDomain: string;
  readonly chainPem: readonly string[];
  readonly rootPem: string;
  readonly rootFingerprint: string;
  readonly #keys: CertificateKeys;
  readonly #ports: AuthorityPorts;
  readonly #isRoot: boolean;

  constructor(
    own: Certificate,
    chain: readonly Certificate[],
    options: {
      readonly keys: CertificateKeys;
      readonly trustDomain: string;
      readonly ports: AuthorityPorts;
      readonly rootFingerprint: string;
    },
  ) {
    this.certificate = own;
    this.trustDomain = options.trustDomain;
    this.chainPem = chain.map(({ der }) => toPem(der));
    this.rootPem = this.chainPem.at(-1) as string;
    this.rootFingerprint = options.rootFingerprint;
    this.#keys = options.keys;
    this.#ports = options.ports;
    this.#isRoot = chain.length === 1;
  }

  async issueIntermediate(request: IntermediateRequest): Promise<IssuedCertificate> {
    const domains = request.permittedDomains ?? [];
    for (const domain of domains) requireDomain('permittedDomains', domain);
    const { pathLength = 0 } = request;
    const own = this.certificate.basicConstraints?.pathLength;
    if (!Number.isSafeInteger(pathLength) || pathLength < 0 || (own !== undefined && pathLength >= own)) {
      throw badArgument('pathLength', 'a count below that of the authority');
    }
    return this.#issue(
      distinguishedName({
        commonName: requireCommonName(request.commonName),
        organization: this.trustDomain,
      }),
      request.publicKeys,
      request.lifetimeMs ?? lifetimesMs.intermediate,
      [
        basicConstraints(true, pathLength),
        keyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign),
        nameConstraints(this.trustDomain, domains),
      ],
    );
  }

  async issueNodeCertificate(request: NodeCertificateRequest): Promise<IssuedCertificate> {
    const { nodeId, dnsNames = [], addresses = [], lifetimeMs = lifetimesMs.node } = request;
    if (!parseNodeId(nodeId).ok) throw badArgument('nodeId', 'a NodeId');
    for (const name of dnsNames) requireDomain('dnsNames', name);
    if (lifetimeMs > lifetimesMs.maxNode) throw badArgument('lifetimeMs', 'at most seven days');
    return this.#issue(distinguishedName({ commonName: nodeId }), request.publicKeys, lifetimeMs, [
      basicConstraints(false),
      keyUsage(KeyUsage.digitalSignature),
      extendedKeyUsage(Oid.serverAuth, Oid.clientAuth),
      subjectAltName({
        uris: [nodeUri(this.trustDomain, nodeId)],
        dnsNames: dnsNames.map((name) => name.toLowerCase()),
        addresses: addresses.map(requireAddress),
      }),
    ]);
  }

  async issueSignerCertificate(request: SignerCertificateRequest): Promise<IssuedCertificate> {
    const { signerId, publicKeys, lifetimeMs = lifetimesMs.signer } = request;
    if (!parseCid(signerId).ok) throw badArgument('signerId', 'the CID of a signer');
    return this.#issue(distinguishedName({ commonName: signerId }), publicKeys, lifetimeMs, [
      basicConstraints(false),
      keyUsage(KeyUsage.digitalSignature),
      extendedKeyUsage(Oid.codeSigning),
      subjectAltName({ uris: [signerUri(this.trustDomain, signerId)] }),
    ]);
  }

  async issueRevocationList(request: RevocationListRequest): Promise<SignedRevocationList> {
    return buildRevocationList(request, this.certificate, this.#keys, this.#ports.clock.nowMs());
  }

  async #issue(
    subject: Uint8Array,
    publicKeys: CertificatePublicKeys,
    lifetimeMs: number,
    extensions: readonly Uint8Array[],
  ): Promise<IssuedCertificate> {
    const own = this.certificate;
    requirePublicKeys(publicKeys);
    const nowMs = this.#ports.clock.nowMs();
    const notAfterMs = Math.min(nowMs + requireLifetime(lifetimeMs), own.notAfterMs);
    if (nowMs < own.notBeforeMs || nowMs >= own.notAfterMs) {
      throw badArgument('clock', 'a time within the lifetime of the authority');
    }
    const der = await buildCertificate(
      {
        serial: newSerial(this.#ports.random),
        issuer: own.subject.der,
        subject,
        notBeforeMs: Math.max(nowMs - BACKDATE_MS, own.notBeforeMs),
        notAfterMs,
        publicKeys,
        extensions: [
          ...extensions,
          subjectKeyIdentifier(keyIdentifier(publicKeys.p256)),
          authorityKeyIdentifier(own.subjectKeyId as Uint8Array),
        ],
      },
      this.#keys,
    );
    const pem = toPem(der);
    const above = this.#isRoot ? [] : this.chainPem.slice(0, -1);
    return { certificate: requireCertificate(der), pem, chainPem: [pem, ...above] };
  }
}

/** When a certificate should be replaced: at three quarters of its life, 6 hours before the end of 24. */
export function renewAtMs({
  notBeforeMs,
  notAfterMs,
}: Pick<Certificate, 'notBeforeMs' | 'notAfterMs'>): number {
  return notBeforeMs + Math.floor((notAfterMs - notBeforeMs) * 0.75);
}
