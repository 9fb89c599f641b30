import { expect, test } from 'vitest';
import { type Profile, verifyChain } from '../src/x509/index.ts';
import { vectorFile, vectors } from './vectors.ts';

interface LimboCase {
  readonly id: string;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly peer_certificate: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly validation_time: string | null;
  readonly expected_peer_name: { readonly kind: string; readonly value: string } | null;
  readonly expected_peer_names: readonly { readonly kind: string; readonly value: string }[];
  readonly max_chain_depth: number | null;
  readonly crls: readonly string[];
}

/** The suite judges these three both ways: `rfc5280::` and `webpki::` cases with like certificates contradict. */
const DIFFERENCES = {
  common: {
    'rfc5280::nc::permitted-dns-match-noncritical':
      'accepted: the constraint is enforced whether or not it is critical (the webpki case wants that)',
    'webpki::eku::ee-without-eku':
      'accepted: no extended key usage means no restriction (the rfc5280 case wants that)',
    'webpki::ca-as-leaf': 'accepted: RFC 5280 lets a CA stand as leaf (the rfc5280 case wants that)',
  },
  rfc5280: { 'webpki::nc::permitted-dns-match-noncritical': 'refused: RFC 5280 wants it critical' },
  webpki: { 'rfc5280::nc::permitted-dns-match-noncritical': 'accepted: the Baseline Requirements allow it' },
} as const;

const LIMIT_MS = 200;

function judge(one: LimboCase, profile?: Profile) {
  const host = one.expected_peer_name?.value;
  return verifyChain(one.peer_certificate, {
    roots: one.trusted_certs,
    intermediates: one.untrusted_intermediates,
    crls: one.crls,
    host,
    email: one.expected_peer_names.map(({ value }) => value),
    timeMs: one.validation_time === null ? Date.now() : Date.parse(one.validation_time),
    purpose: one.validation_kind,
    maxDepth: one.max_chain_depth,
    profile,
  });
}

function differing(cases: readonly LimboCase[], profile?: Profile): string[] {
  return cases
    .filter((one) => judge(one, profile).ok !== (one.expected_result === 'SUCCESS'))
    .map(({ id }) => id);
}

test('all 208 cases of x509-limbo run and 205 come out as the suite says; the other three are named [trustchain-x01]', (context) => {
  if (vectors.skip) context.skip(vectors.reason);
  const { testcases } = vectorFile<{ testcases: LimboCase[] }>('x509-limbo-208.json');
  expect(testcases).toHaveLength(208);
  expect(differing(testcases)).toEqual(Object.keys(DIFFERENCES.common));
});

test('under the profile that each case speaks of, every contradictory case comes out right', (context) => {
  if (vectors.skip) context.skip(vectors.reason);
  const { testcases } = vectorFile<{ testcases: LimboCase[] }>('x509-limbo-208.json');
  const contradictory = testcases.filter(({ id }) =>
    /ee-without-eku|ca-as-leaf$|match-noncritical$/.test(id),
  );
  expect(contradictory).toHaveLength(6);
  for (const profile of ['rfc5280', 'webpki'] as const) {
    const own = contradictory.filter(({ id }) => id.startsWith(`${profile}::`));
    expect(own).toHaveLength(3);
    expect(differing(own, profile)).toEqual([]);
    expect(differing(contradictory, profile)).toEqual(
      expect.arrayContaining(Object.keys(DIFFERENCES[profile])),
    );
  }
});

test('no case takes more than 200 ms, and every pathological one stays within its budget', (context) => {
  if (vectors.skip) context.skip(vectors.reason);
  const { testcases } = vectorFile<{ testcases: LimboCase[] }>('x509-limbo-208.json');
  for (const one of testcases) {
    const { work } = judge(one);
    expect(work.signatures, one.id).toBeLessThanOrEqual(65);
    const took = Array.from({ length: 3 }, () => {
      const from = performance.now();
      judge(one);
      return performance.now() - from;
    });
    expect(Math.min(...took), one.id).toBeLessThan(LIMIT_MS);
  }
});
