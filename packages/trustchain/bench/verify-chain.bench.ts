import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { interleave, report } from '@hypermesh/bench';
import { nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import {
  createCertificateAuthority,
  generateCertificateKeys,
  openCertificateAuthority,
  publicKeysOf,
} from '@hypermesh/trustchain/ca';
import { decodeCertificate, verifyChain } from '@hypermesh/trustchain/x509';
import { X509Certificate as PeculiarCertificate, X509ChainBuilder } from '@peculiar/x509';

/** A chain of three, and everything that is asked of it, per second. */
const ports = { clock: systemClock, random: systemRandom };
const rootKeys = await generateCertificateKeys();
const root = await createCertificateAuthority({ commonName: 'Bench root', keys: rootKeys }, ports);
const onlineKeys = await generateCertificateKeys();
const intermediate = await root.issueIntermediate({
  commonName: 'Bench online',
  publicKeys: publicKeysOf(onlineKeys),
});
const online = await openCertificateAuthority(
  { chain: [intermediate.pem, root.rootPem], keys: onlineKeys },
  ports,
);
const nodeId = nodeIdOf(generateKey().publicKey);
const publicKeys = publicKeysOf(await generateCertificateKeys());
const request = { nodeId, publicKeys, dnsNames: ['localhost'], addresses: ['::1'] };
const leaf = await online.issueNodeCertificate(request);

const ders = [leaf, intermediate, root].map(({ certificate }) => certificate.der) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const [leafDer, intermediateDer, rootDer] = ders;
const question = { host: 'localhost', purpose: 'serverAuth' } as const;
const fromDer = { ...question, roots: [rootDer], intermediates: [intermediateDer] };
const decoded = { ...question, roots: [root.certificate], intermediates: [intermediate.certificate] };
const ROUND_MS = 150;

/** Calls per second over a round. */
function rate(call: () => unknown): () => number {
  return () => {
    const from = performance.now();
    let calls = 0;
    let now = from;
    for (; now - from < ROUND_MS; now = performance.now()) {
      for (let i = 0; i < 10; i++) call();
      calls += 10;
    }
    return (calls * 1000) / (now - from);
  };
}

async function asyncRate(call: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  let calls = 0;
  while (performance.now() - from < ROUND_MS) {
    await call();
    calls++;
  }
  return (calls * 1000) / (performance.now() - from);
}

function must(ok: boolean): void {
  if (!ok) throw new Error('the chain does not verify');
}

const results = await interleave({
  rounds: 7,
  cases: {
    verify: rate(() => must(verifyChain(leafDer, fromDer).ok)),
    decoded: rate(() => must(verifyChain(leafDer, decoded).ok)),
    node: rate(() => {
      const [a, b, c] = ders.map((der) => new X509Certificate(der)) as [
        X509Certificate,
        X509Certificate,
        X509Certificate,
      ];
      must(
        a.verify(b.publicKey) &&
          b.verify(c.publicKey) &&
          c.verify(c.publicKey) &&
          a.checkHost('localhost') !== undefined,
      );
    }),
    peculiar: () =>
      asyncRate(async () => {
        const builder = new X509ChainBuilder({
          certificates: [intermediateDer, rootDer].map(
            (der) => new PeculiarCertificate(der as Uint8Array<ArrayBuffer>),
          ),
        });
        must((await builder.build(new PeculiarCertificate(leafDer as Uint8Array<ArrayBuffer>))).length === 3);
      }),
    parse: rate(() => must(decodeCertificate(leafDer).ok)),
    nodeParse: rate(() => new X509Certificate(leafDer).subject),
    issue: () => asyncRate(() => online.issueNodeCertificate(request)),
  },
});

report({
  name: 'trustchain/verify-chain certificates=3 signatures=classical+pq',
  value: results.verify,
  unit: 'chains/s',
  baseline: results.peculiar,
  baselineName: '@peculiar/x509 X509ChainBuilder (no rules, names or purposes, classical signatures)',
  aim: '>= 3',
});
report({
  name: 'trustchain/verify-chain certificates=3 pool=decoded',
  value: results.decoded,
  unit: 'chains/s',
  baseline: results.node,
  baselineName: 'node:crypto X509Certificate parse and verify of 3 (no rules, classical signatures)',
});
report({
  name: 'trustchain/decode-certificate',
  value: results.parse,
  unit: 'certificates/s',
  baseline: results.nodeParse,
  baselineName: 'node:crypto X509Certificate',
});
report({ name: 'trustchain/issue-node-certificate', value: results.issue, unit: 'certificates/s' });
