import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { beforeEach, expect, test } from 'vitest';
import { toPem, verifyChain } from '../src/x509/index.ts';
import { createHierarchy } from './authority-fixture.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Debian's, 3.0. */
const PROGRAM = 'openssl';
const version = spawnSync(PROGRAM, ['version'], { encoding: 'utf8' });
const hierarchy = await createHierarchy(7);
const { root, online, node, clock } = hierarchy;

beforeEach((context) => {
  if (version.status !== 0) context.skip('no openssl on this machine');
});

/** Runs `openssl verify` over files of these PEM texts; answers its exit status and what it said. */
async function verify(
  texts: { root: string; intermediate: string; leaf: string },
  ...flags: readonly string[]
) {
  const folder = await temporaryFolder();
  const files = Object.fromEntries(Object.keys(texts).map((name) => [name, join(folder, `${name}.pem`)]));
  for (const [name, text] of Object.entries(texts)) await writeFile(files[name] as string, text);
  const time = String(Math.floor(clock.nowMs() / 1000));
  const { root: ca, intermediate, leaf } = files as typeof texts;
  const run = spawnSync(
    PROGRAM,
    ['verify', '-x509_strict', '-attime', time, '-CAfile', ca, '-untrusted', intermediate, ...flags, leaf],
    { encoding: 'utf8' },
  );
  return { status: run.status, said: run.stdout + run.stderr };
}

const texts = { root: root.rootPem, intermediate: online.chainPem[0] as string, leaf: node.pem };

test('openssl verify -x509_strict accepts the chain for its purposes, host and address', async () => {
  for (const purpose of ['sslserver', 'sslclient']) {
    const flags = ['-purpose', purpose, '-verify_hostname', 'localhost', '-policy_check', '-check_ss_sig'];
    expect(await verify(texts, ...flags)).toMatchObject({ status: 0 });
    expect(await verify(texts, '-purpose', purpose, '-verify_ip', '::1')).toMatchObject({ status: 0 });
  }
});

test('openssl refuses another host, another address, another purpose and a missing intermediate', async () => {
  for (const flags of [
    ['-verify_hostname', 'example.com'],
    ['-verify_ip', '::2'],
    ['-purpose', 'smimesign'],
  ]) {
    expect((await verify(texts, ...flags)).status, flags.join(' ')).not.toBe(0);
  }
  const missing = await verify({ ...texts, intermediate: texts.root });
  expect(missing).toMatchObject({ status: 2, said: expect.stringMatching(/unable to get local issuer/) });
});

test('openssl refuses a chain in which one byte of the leaf, or of the intermediate, is altered', async () => {
  const altered = (der: Uint8Array, at: number) =>
    toPem(der.map((octet, i) => (i === at ? octet ^ 1 : octet)));
  const leafDer = node.certificate.der;
  const at = leafDer.length - 2000;
  expect((await verify({ ...texts, leaf: altered(leafDer, at) })).status).not.toBe(0);
  expect((await verify({ ...texts, leaf: altered(leafDer, leafDer.length - 5) })).status).not.toBe(0);
  const onlineDer = online.certificate.der;
  expect(
    (await verify({ ...texts, intermediate: altered(onlineDer, onlineDer.length - 2000) })).status,
  ).not.toBe(0);
});

test('openssl prints the names, the constraints and the alternative extensions of what is issued', () => {
  const print = (pem: string) =>
    execFileSync(PROGRAM, ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' });
  const leaf = print(node.pem);
  expect(leaf).toContain(`URI:spiffe://hypermesh.online/node/${hierarchy.nodeId}`);
  expect(leaf).toContain('DNS:localhost, IP Address:0:0:0:0:0:0:0:1');
  for (const oid of ['2.5.29.72', '2.5.29.73', '2.5.29.74']) expect(leaf).toContain(`${oid}:`);
  expect(print(texts.intermediate)).toMatch(
    /Name Constraints: critical\s+Permitted:\s+URI:hypermesh\.online/,
  );
});

test('openssl -crl_check accepts an empty list of ours and refuses what a list names', async () => {
  const folder = await temporaryFolder();
  const check = async (revoked: readonly { serial: Uint8Array; atMs: number }[], number: bigint) => {
    const list = await online.issueRevocationList({ number, revoked });
    const file = join(folder, `${number}.crl`);
    await writeFile(file, list.pem);
    return verify(texts, '-crl_check', '-CRLfile', file);
  };
  expect(await check([], 1n)).toMatchObject({ status: 0 });
  const { serial } = node.certificate;
  const refused = await check([{ serial, atMs: clock.nowMs() }], 2n);
  expect(refused).toMatchObject({ status: 2, said: expect.stringMatching(/certificate revoked/) });
});

test("Node's own X509Certificate reads and verifies every link, and refuses the wrong issuer", () => {
  const [leaf, intermediate, anchor] = [node.pem, texts.intermediate, texts.root].map(
    (pem) => new X509Certificate(pem),
  ) as [X509Certificate, X509Certificate, X509Certificate];
  expect(leaf.verify(intermediate.publicKey)).toBe(true);
  expect(intermediate.verify(anchor.publicKey)).toBe(true);
  expect(anchor.verify(anchor.publicKey)).toBe(true);
  expect(leaf.verify(anchor.publicKey)).toBe(false);
  expect(leaf.checkHost('localhost')).toBe('localhost');
  expect(leaf.checkIP('::1')).toBe('::1');
  expect([leaf.ca, intermediate.ca, anchor.ca]).toEqual([false, true, true]);
});

test("Node's tls carries mutual authentication with the issued chain", async () => {
  const live = await createHierarchy(8, Date.now()); // tls has no clock to set
  const { secretKey, publicKey } = live.nodeKeys.p256;
  const part = (octets: Uint8Array) => Buffer.from(octets).toString('base64url');
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: part(secretKey),
      x: part(publicKey.subarray(1, 33)),
      y: part(publicKey.subarray(33)),
    },
  }).export({ format: 'pem', type: 'pkcs8' });
  const cert = live.node.chainPem.join('');
  const options = { key, cert, ca: [live.root.rootPem], minVersion: 'TLSv1.3' as const };
  const peers: (string | undefined)[] = [];
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (socket) => {
    peers.push((socket as TLSSocket).getPeerCertificate().subjectaltname);
    socket.end('hello');
  });
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect({ ...options, host: '::1', port, servername: 'localhost' });
    socket.on('error', reject);
    socket.on('data', (data: Buffer) => {
      resolve(String(data));
      socket.end();
    });
  });
  await new Promise((resolve) => server.close(resolve));
  expect(said).toBe('hello');
  expect(peers[0]).toContain(live.nodeId);
});

test.each([
  ['RSA 2048 with PKCS #1', ['-newkey', 'rsa:2048', '-sha256']],
  [
    'RSA 3072 with PSS',
    ['-newkey', 'rsa:3072', '-sha384', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'],
  ],
  ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384']],
  ['P-521', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha512']],
  ['Ed25519', ['-newkey', 'ed25519']],
])('a chain that openssl makes with %s verifies here, and not when altered', async (_title, flags) => {
  const folder = await temporaryFolder();
  const file = (name: string) => join(folder, name);
  const extensions = (lines: readonly string[]) => lines.flatMap((line) => ['-addext', line]);
  const make = (name: string, ...more: readonly string[]) =>
    execFileSync(
      PROGRAM,
      [
        'req',
        '-x509',
        '-nodes',
        '-days',
        '30',
        ...flags,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.pem`),
        ...more,
      ],
      { stdio: 'pipe' },
    );
  make('ca', '-subj', '/CN=ca', ...extensions(['keyUsage=critical,keyCertSign']));
  const names = [
    'subjectAltName=DNS:example.com,IP:::1',
    'extendedKeyUsage=serverAuth',
    'keyUsage=digitalSignature',
  ];
  // Debian's openssl 3.0 cannot sign with a CA in `req -x509`, so a request is made and then signed.
  execFileSync(
    PROGRAM,
    [
      'req',
      '-new',
      '-nodes',
      ...flags,
      '-keyout',
      file('leaf.key'),
      '-out',
      file('leaf.csr'),
      '-subj',
      '/CN=leaf',
    ],
    { stdio: 'pipe' },
  );
  await writeFile(
    file('leaf.ext'),
    [...names, 'authorityKeyIdentifier=keyid', 'basicConstraints=CA:FALSE'].join('\n'),
  );
  const signing = flags.filter(
    (flag, i) => flag.startsWith('-sha') || flag === '-sigopt' || flags[i - 1] === '-sigopt',
  );
  execFileSync(
    PROGRAM,
    [
      'x509',
      '-req',
      '-in',
      file('leaf.csr'),
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-days',
      '30',
      '-set_serial',
      '0x1234567890abcdef',
      '-extfile',
      file('leaf.ext'),
      ...signing,
      '-out',
      file('leaf.pem'),
    ],
    { stdio: 'pipe' },
  );
  const [leaf, root] = await Promise.all([
    readFile(file('leaf.pem'), 'utf8'),
    readFile(file('ca.pem'), 'utf8'),
  ]);
  const timeMs = Date.now() + 60_000;
  expect(verifyChain(leaf, { roots: [root], host: '::1', purpose: 'server', timeMs })).toMatchObject({
    ok: true,
  });
  const der = Buffer.from(leaf.replace(/-----[A-Z ]+-----|\n/g, ''), 'base64');
  der[der.length - 3] = (der[der.length - 3] as number) ^ 1;
  expect(verifyChain(new Uint8Array(der), { roots: [root], timeMs })).toMatchObject({
    reason: 'bad-signature',
  });
});
