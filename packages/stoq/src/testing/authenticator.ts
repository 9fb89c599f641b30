import assert from 'node:assert/strict';
import type { Authenticator } from '../ports.ts';
import { isSendable } from '../session/messages.ts';
import type { ComplianceCase } from './compliance.ts';

/** Two authenticators that accept each other, and one that the first does not accept. */
export interface AuthenticatorSubject {
  readonly one: Authenticator;
  readonly other: Authenticator;
  readonly stranger: Authenticator;
}

/** The promises of the `Authenticator` port. */
export function authenticatorCompliance(
  create: () => Promise<AuthenticatorSubject>,
): readonly ComplianceCase[] {
  const transcript = Buffer.from('what both ends saw');
  const proofOf = async (auth: Authenticator) => ({
    chain: await auth.certificate(),
    signature: await auth.sign(transcript, 'dialer'),
  });
  return [
    {
      name: 'its chain and signature are within the bounds of the protocol',
      async run() {
        const { one } = await create();
        const { chain, signature } = await proofOf(one);
        assert.ok(isSendable(chain, signature));
      },
    },
    {
      name: 'it accepts whom it is to accept, under a stable id',
      async run() {
        const { one, other } = await create();
        const { chain, signature } = await proofOf(other);
        const first = await one.verify(chain, transcript, signature);
        const second = await one.verify(chain, transcript, signature);
        assert.ok(first.ok && second.ok);
        assert.equal(first.peer.id, second.peer.id);
        assert.notEqual(first.peer.sig, '');
      },
    },
    {
      name: 'it refuses a stranger, with a reason',
      async run() {
        const { one, stranger } = await create();
        const { chain, signature } = await proofOf(stranger);
        const verdict = await one.verify(chain, transcript, signature);
        assert.equal(verdict.ok, false);
      },
    },
    {
      name: 'a flipped bit in signature, transcript or chain is refused and never thrown',
      async run() {
        const { one, other } = await create();
        const { chain, signature } = await proofOf(other);
        const [leaf = new Uint8Array(), ...rest] = chain;
        for (const at of [0, 0.3, 0.6, 0.999]) {
          const attempts = [
            one.verify(chain, transcript, flipped(signature, at)),
            one.verify(chain, flipped(transcript, at), signature),
            one.verify([flipped(leaf, at), ...rest], transcript, signature),
          ];
          for (const verdict of await Promise.all(attempts)) assert.equal(verdict.ok, false);
        }
      },
    },
    {
      name: 'bytes of any shape are refused and never thrown',
      async run() {
        const { one } = await create();
        for (const chain of [
          [],
          [new Uint8Array()],
          [Buffer.alloc(32_768, 7)],
          [Buffer.from('a'), Buffer.from('b')],
        ]) {
          for (const signature of [new Uint8Array(), Buffer.alloc(64), Buffer.alloc(8_192, 1)]) {
            assert.equal((await one.verify(chain, transcript, signature)).ok, false);
          }
        }
      },
    },
  ];
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const index = Math.floor(at * copy.length);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
