import { createHash } from 'node:crypto';
import { decodeRecord, encodeRecord, type Infer, record, s, type Verdict } from '@hypermesh/core';

const schema = record({
  v: s.literal(1),
  /** Fingerprint of the mesh's root certificate. */
  root: s.text(96),
  /** Where the inviting node listens. */
  addresses: s.array(s.text(128), 8),
  /** NodeId of the inviting node. */
  node: s.text(128),
  /** Lets one node join once. */
  token: s.bytes({ length: 32 }),
});

/** What a person hands to another so that their machine may join: whom to trust, where to knock, and a token. */
export type Invitation = Infer<typeof schema>;

const prefix = 'hypermesh-invitation-1:';
/** Longest invitation text that is looked at. */
const maxTextLength = 4096;

/** An invitation as one line of text. */
export function formatInvitation(invitation: Invitation): string {
  return prefix + Buffer.from(encodeRecord(schema, invitation)).toString('base64url');
}

/** Reads an invitation that a person typed or pasted. */
export function parseInvitation(text: string): Verdict<{ invitation: Invitation }> {
  const trimmed = text.trim();
  if (trimmed.length > maxTextLength) return { ok: false, reason: 'too long' };
  if (!trimmed.startsWith(prefix)) return { ok: false, reason: `it does not begin with ${prefix}` };
  const body = trimmed.slice(prefix.length);
  if (!/^[A-Za-z0-9_-]+$/.test(body))
    return { ok: false, reason: 'it holds characters that no invitation has' };
  const decoded = decodeRecord(schema, Buffer.from(body, 'base64url'));
  if (!decoded.ok) return { ok: false, reason: `it is cut or altered (${decoded.reason})` };
  return { ok: true, invitation: decoded.value };
}

/** What the inviting node stores of a token: enough to know it again, not to use it. */
export function tokenDigest(token: Uint8Array): string {
  return createHash('sha256').update('hypermesh/node/invitation-token/v1').update(token).digest('hex');
}
