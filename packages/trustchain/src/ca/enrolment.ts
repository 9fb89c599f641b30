import {
  type Clock,
  decodeRecord,
  domainMessage,
  encodeRecord,
  equalBytes,
  type Infer,
  type NodeId,
  nodeIdOf,
  type Random,
  record,
  s,
} from '@hypermesh/core';
import { publicKeyOf, sign, verify } from '@hypermesh/core/ed25519';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { badArgument } from '../errors.ts';
import { requireBytes } from '../suite/input.ts';
import { suiteFor } from '../suite/registry.ts';
import { isDnsName, readAddress } from '../x509/host.ts';
import { type CertificateKeys, type CertificatePublicKeys, publicKeysOf } from './keys.ts';

const REQUEST_DOMAIN = 'hypermesh/trustchain/enrolment/v1';
const TOKEN_DOMAIN = 'hypermesh/trustchain/enrolment-token/v1';
const MAX_REQUEST_BYTES = 32 * 1024;
const MAX_NAMES = 32;
/** A shorter token could be guessed from the MAC of one request. */
const TOKEN_MIN_BYTES = 16;
/** How far a request's time may lie from the authority's, where nobody says otherwise. */
const DEFAULT_MAX_AGE_MS = 5 * 60_000;

const requestSchema = record({
  v: s.literal(1),
  audience: s.text(128),
  nodeId: s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
  ed25519: s.bytes({ length: 32 }),
  p256: s.bytes({ length: 65 }),
  mldsa65: s.bytes({ length: 1952 }),
  dnsNames: s.array(s.text(253), MAX_NAMES),
  addresses: s.array(s.text(45), MAX_NAMES),
  issuedAtMs: s.uint(),
  nonce: s.bytes({ length: 16 }),
});

const enrolmentSchema = record({
  v: s.literal(1),
  request: s.bytes({ max: MAX_REQUEST_BYTES }),
  tokenProof: s.optional(s.bytes({ length: 32 })),
  signatures: s.record({
    ed25519: s.bytes({ length: 64 }),
    p256: s.bytes({ max: 72 }),
    mldsa65: s.bytes({ length: 3309 }),
  }),
});

/** What a node asks its authority to certify; fits `issueNodeCertificate` as it is. */
export interface EnrolmentRequest {
  readonly nodeId: NodeId;
  readonly ed25519: Uint8Array;
  readonly publicKeys: CertificatePublicKeys;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly issuedAtMs: number;
  /** 16 bytes; an authority that must not answer twice remembers it for twice its `maxAgeMs`. */
  readonly nonce: Uint8Array;
}

/** Why an enrolment was refused. */
export type EnrolmentReason =
  | 'malformed'
  | 'wrong-audience'
  | 'stale'
  | 'bad-name'
  | 'token-missing'
  | 'bad-token'
  | 'node-id-mismatch'
  | 'bad-ed25519-signature'
  | 'bad-p256-signature'
  | 'bad-ml-dsa-65-signature';

/**
 * A request for a node certificate: canonical DAG-CBOR, signed by the node's Ed25519 identity key and by both keys
 * that are to be certified, so that nobody can have a stranger's key certified. `audience` is the root fingerprint.
 * The one-time `token` of an invitation, 16 random bytes or more, is proven by a MAC over the request and never sent.
 */
export async function createEnrolment(
  options: {
    readonly identitySecretKey: Uint8Array;
    readonly keys: CertificateKeys;
    readonly audience: string;
    readonly dnsNames?: readonly string[];
    readonly addresses?: readonly string[];
    readonly token?: Uint8Array;
  },
  ports: { readonly clock: Pick<Clock, 'nowMs'>; readonly random: Random },
): Promise<Uint8Array> {
  const { identitySecretKey, keys, audience, dnsNames = [], addresses = [], token } = options;
  const ed25519 = publicKeyOf(identitySecretKey);
  const request = encodeRecord(requestSchema, {
    v: 1,
    audience,
    nodeId: nodeIdOf(ed25519),
    ed25519,
    ...publicKeysOf(keys),
    dnsNames,
    addresses,
    issuedAtMs: ports.clock.nowMs(),
    nonce: ports.random.bytes(16),
  });
  const message = domainMessage(REQUEST_DOMAIN, request);
  return encodeRecord(enrolmentSchema, {
    v: 1,
    request,
    ...(token === undefined ? {} : { tokenProof: tokenProof(token, request) }),
    signatures: {
      ed25519: sign(message, identitySecretKey),
      p256: await suiteFor('p256').sign(message, keys.p256.secretKey),
      mldsa65: await suiteFor('ml-dsa-65').sign(message, keys.mldsa65.secretKey),
    },
  });
}

/**
 * Checks an enrolment: form, audience, age, token where one is asked for, the NodeId, and all three signatures,
 * cheap checks first. No request makes it reject; a token of the caller's under 16 bytes does. Whether the node may have those names is for the caller to say.
 */
export async function verifyEnrolment(
  bytes: Uint8Array,
  options: {
    readonly audience: string;
    readonly nowMs: number;
    readonly maxAgeMs?: number;
    readonly token?: Uint8Array;
  },
): Promise<
  | { readonly ok: true; readonly request: EnrolmentRequest }
  | { readonly ok: false; readonly reason: EnrolmentReason }
> {
  const refuse = (reason: EnrolmentReason) => ({ ok: false, reason }) as const;
  const envelope = decodeRecord(enrolmentSchema, bytes, { maxBytes: MAX_REQUEST_BYTES + 8192 });
  if (!envelope.ok) return refuse('malformed');
  const { request: signedBytes, signatures, tokenProof: proof } = envelope.value;
  const decoded = decodeRecord(requestSchema, signedBytes, { maxBytes: MAX_REQUEST_BYTES });
  if (!decoded.ok) return refuse('malformed');
  const request = decoded.value;
  const reason = requestReason(request, options);
  if (reason !== undefined) return refuse(reason);
  if (options.token !== undefined) {
    if (proof === undefined) return refuse('token-missing');
    if (!equalBytes(proof, tokenProof(options.token, signedBytes))) return refuse('bad-token');
  }
  const message = domainMessage(REQUEST_DOMAIN, signedBytes);
  if (!verify(signatures.ed25519, message, request.ed25519)) return refuse('bad-ed25519-signature');
  if (!(await suiteFor('p256').verify(signatures.p256, message, request.p256)))
    return refuse('bad-p256-signature');
  if (!(await suiteFor('ml-dsa-65').verify(signatures.mldsa65, message, request.mldsa65))) {
    return refuse('bad-ml-dsa-65-signature');
  }
  const { nodeId, ed25519, p256, mldsa65, dnsNames, addresses, issuedAtMs, nonce } = request;
  return {
    ok: true,
    request: { nodeId, ed25519, publicKeys: { p256, mldsa65 }, dnsNames, addresses, issuedAtMs, nonce },
  };
}

function requestReason(
  request: Infer<typeof requestSchema>,
  options: { readonly audience: string; readonly nowMs: number; readonly maxAgeMs?: number },
): EnrolmentReason | undefined {
  if (request.audience !== options.audience) return 'wrong-audience';
  const ageMs = Math.abs(options.nowMs - request.issuedAtMs);
  // So written that a time or an age that is no number lets nothing in.
  if (!(ageMs <= (options.maxAgeMs ?? DEFAULT_MAX_AGE_MS))) return 'stale';
  const areNames = request.dnsNames.every(isDnsName);
  if (!areNames || !request.addresses.every((text) => readAddress(text) !== undefined)) return 'bad-name';
  return request.nodeId === nodeIdOf(request.ed25519) ? undefined : 'node-id-mismatch';
}

function tokenProof(token: Uint8Array, request: Uint8Array): Uint8Array {
  if (requireBytes('token', token).length < TOKEN_MIN_BYTES) {
    throw badArgument('token', `at least ${TOKEN_MIN_BYTES} bytes`);
  }
  return hmac(sha256, new Uint8Array(token), domainMessage(TOKEN_DOMAIN, request));
}
