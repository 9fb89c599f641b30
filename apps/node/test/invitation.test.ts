import { type CanonicalValue, encodeCanonical, nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInvitation, type Invitation, parseInvitation, tokenDigest } from '../src/mesh/invitation.ts';

const invitation: Invitation = {
  v: 1,
  root: 'SHA256:0123456789abcdef',
  addresses: ['quic://[::1]:4433'],
  node: nodeIdOf(generateKey().publicKey),
  token: new Uint8Array(32).fill(7),
};
const line = formatInvitation(invitation);
const prefix = 'hypermesh-invitation-1:';
const encoded = (value: CanonicalValue) => prefix + Buffer.from(encodeCanonical(value)).toString('base64url');

describe('an invitation', () => {
  it('comes back from its line, also with space around it', () => {
    expect(parseInvitation(line)).toEqual({ ok: true, invitation });
    expect(parseInvitation(`  ${line}\n`)).toEqual({ ok: true, invitation });
  });

  it.each([
    ['nothing', '', `it does not begin with ${prefix}`],
    ['another text', 'hello', `it does not begin with ${prefix}`],
    ['a later version', line.replace('invitation-1', 'invitation-2'), `it does not begin with ${prefix}`],
    ['the prefix alone', prefix, 'it holds characters that no invitation has'],
    [
      'a space inside',
      `${line.slice(0, 40)} ${line.slice(40)}`,
      'it holds characters that no invitation has',
    ],
    ['a control character', `${line}\u0000`, 'it holds characters that no invitation has'],
    ['a cut line', line.slice(0, -20), 'it is cut or altered (truncated)'],
    ['bytes behind it', `${line}AAAA`, 'it is cut or altered (trailing-bytes)'],
    ['a huge line', prefix + 'A'.repeat(5000), 'too long'],
    [
      'another version of the record',
      encoded({ ...invitation, v: 2 }),
      'it is cut or altered (wrong-literal)',
    ],
    [
      'a short token',
      encoded({ ...invitation, token: new Uint8Array(31) }),
      'it is cut or altered (wrong-length)',
    ],
    [
      'too many addresses',
      encoded({ ...invitation, addresses: Array.from({ length: 9 }, () => 'quic://[::1]:1') }),
      'it is cut or altered (wrong-length)',
    ],
    ['a field too many', encoded({ ...invitation, more: 1 }), 'it is cut or altered (unknown-key)'],
    ['a field too few', encoded({ v: 1 }), 'it is cut or altered (missing-key)'],
  ])('that is %s is refused with the reason', (_, text, reason) => {
    expect(parseInvitation(text)).toEqual({ ok: false, reason });
  });

  it('never throws, whatever somebody pastes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => prefix + text),
        ),
        (text) => {
          const verdict = parseInvitation(text);
          return typeof verdict.ok === 'boolean';
        },
      ),
    );
  });

  it('is known again by the digest of its token, which does not tell the token', () => {
    expect(tokenDigest(invitation.token)).toMatch(/^[0-9a-f]{64}$/);
    expect(tokenDigest(invitation.token)).not.toBe(tokenDigest(new Uint8Array(32)));
  });
});
