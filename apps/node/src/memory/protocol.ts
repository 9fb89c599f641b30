import { decodeRecord, encodeRecord, record, s, type Verdict } from '@hypermesh/core';

/** The message stream that carries frames of remote memory, and the request by which a grantee fetches its token. */
export const memoryStream = 'memory/frames/1';
export const tokenRequest = 'memory/token/1';

const tokenAsk = record({ v: s.literal(1), grant: s.text(32) });

/** Canonical bytes of a question for the token of a grant. */
export const encodeTokenAsk = (grant: string): Uint8Array => encodeRecord(tokenAsk, { v: 1, grant });

/** Reads a question for a token from anybody. */
export function decodeTokenAsk(bytes: Uint8Array): Verdict<{ grant: string }> {
  const decoded = decodeRecord(tokenAsk, bytes, { maxBytes: 256 });
  return decoded.ok ? { ok: true, grant: decoded.value.grant } : { ok: false, reason: decoded.reason };
}
