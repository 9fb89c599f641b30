/** What of a package runs in a browser, and which of its tests cannot. */
export interface PortablePackage {
  /** Exported sub-paths that reach no module of Node at all, so that any bundler takes them. */
  readonly entries: readonly string[];
  /** Test files, all of `test/*.test.ts` where not said: some packages are portable in part. */
  readonly tests?: readonly string[];
  /** Whole test files, or single tests as `file > title`, where `*` stands for anything and the end is open; and why. */
  readonly needsNode: Readonly<Record<string, string>>;
  /** Sources that are Node's own shell: nothing portable reaches what they import. */
  readonly shells: readonly string[];
}

const CHILD = 'starts another Node process';
const DISK = 'works on files of a disk';
const THREADS = 'counts or ends worker threads of Node';
const REALM = 'makes bytes in another realm by node:vm';
const OPENSSL = 'compares with OpenSSL through node:crypto';
const BACKENDS = 'compares backends, of which a browser has one';

/** The packages that promise to run in a browser; what each leaves out is said here and nowhere else. */
export const PORTABLE: Readonly<Record<string, PortablePackage>> = {
  core: {
    entries: ['.', './merkle', './ed25519', './blake3', './testing'],
    needsNode: {
      'node.test.ts': 'is about @hypermesh/core/node',
      'portable-host.test.ts': CHILD,
      'blake3.test.ts': CHILD,
      'laws.test.ts': 'checks the clock and randomness of @hypermesh/core/node',
      'worker-flags.test.ts': THREADS,
    },
    shells: ['node/'],
  },
  erasure: {
    entries: ['.'],
    needsNode: {
      'host.test.ts > the choice of back end > takes plain': 'loads the package anew, which a page does once',
    },
    shells: [],
  },
  'metered-wasm': {
    entries: ['.', './quickjs'],
    tests: [
      'check.test.ts',
      'differential.test.ts',
      'engine-bounds.test.ts',
      'forged.test.ts',
      'fuzz.test.ts',
      'malformed.test.ts',
      'nan.test.ts',
    ],
    needsNode: {},
    shells: ['run/worker.ts', 'offload/worker.ts', 'quickjs/worker.ts'],
  },
  consensus: {
    entries: ['./light', './verify'],
    tests: [
      'class-group-form.test.ts',
      'class-group-prime.test.ts',
      'class-group-vdf.test.ts',
      'decoders.test.ts',
      'golden.test.ts',
      'light.test.ts',
      'proof.test.ts',
      'profiles.test.ts',
      'stake.test.ts',
      'state-tree.test.ts',
      'vdf.test.ts',
      'vrf.test.ts',
      'window.test.ts',
      'wire.test.ts',
      'work.test.ts',
    ],
    needsNode: {
      'class-group-prime.test.ts > the prime test agrees': OPENSSL,
      'class-group-prime.test.ts > a discriminant of': OPENSSL,
      'class-group-prime.test.ts > a challenge is a prime': OPENSSL,
      'vdf.test.ts > a delay > stops when told to': 'ends a delay that runs, which takes a thread',
    },
    shells: ['worker.ts', 'space/plot.ts', 'space/plot-set.ts'],
  },
  trustchain: {
    entries: ['./suite', './x509', './sign', './verify'],
    needsNode: {
      'falcon-worker.test.ts': THREADS,
      'keystore.test.ts': DISK,
      'log.test.ts': DISK,
      'signature-portable.test.ts': OPENSSL,
      'certificate-authority.test.ts > a certificate says whose it is': OPENSSL,
      'certificate-authority.test.ts > the alternative signature > is made over': OPENSSL,
      'certificate.test.ts > the fields are those that another decoder finds': OPENSSL,
      'hostile-certificate.test.ts > bytes of another realm': REALM,
      'sign.test.ts > a demanded log proof verifies': DISK,
      'suite-input.test.ts': REALM,
      'suite.test.ts > each suite says which backend': BACKENDS,
      'suite.test.ts > * > gives the same keys from a seed': BACKENDS,
      'suite.test.ts > an installed liboqs': BACKENDS,
    },
    shells: [
      'worker.ts',
      'log/log.ts',
      'log/tiles.ts',
      'log/journal.ts',
      'log/lock.ts',
      'log/replay.ts',
      'disk/',
      'ca/',
      'keystore/',
    ],
  },
  catalog: {
    entries: ['.'],
    needsNode: {
      'extension.test.ts': DISK,
      'pack.test.ts': DISK,
      'tree.test.ts': DISK,
      'ports.test.ts': 'runs the compliance suites, which speak by node:assert',
    },
    shells: ['node/', 'testing/'],
  },
};

/** Whether a source, from the root, may import modules of Node: nothing on a portable path runs it. */
export function isShell(file: string): boolean {
  const [, name = '', path = ''] = /^packages\/([^/]+)\/src\/(.*)$/.exec(file) ?? [];
  const shells = PORTABLE[name]?.shells ?? [];
  return shells.some((shell) => path === shell || (shell.endsWith('/') && path.startsWith(shell)));
}

/** Why a test, by its file from the root and its full title, is left out in a browser; undefined where it runs. */
export function needsNode(file: string, title: string, among?: readonly string[]): string | undefined {
  const [, name = '', test = ''] = /^packages\/([^/]+)\/test\/(.*)$/.exec(file) ?? [];
  const reasons = PORTABLE[name]?.needsNode ?? {};
  const whole = `${test} > ${title}`;
  const key = (among ?? Object.keys(reasons)).find((pattern) => {
    const [head = '', ...parts] = pattern.split('*');
    return whole.startsWith(head) && parts.every((part) => whole.includes(part));
  });
  return key === undefined ? undefined : reasons[key];
}

/** The test files that run in a browser, from the root, as globs. */
export function portableTests(): string[] {
  return Object.entries(PORTABLE).flatMap(([name, { tests = ['*.test.ts'] }]) =>
    tests.map((test) => `packages/${name}/test/${test}`),
  );
}

/** The files that are left out whole, from the root. */
export function filesLeftOut(): string[] {
  return Object.entries(PORTABLE).flatMap(([name, { needsNode }]) =>
    Object.keys(needsNode)
      .filter((key) => !key.includes(' > '))
      .map((test) => `packages/${name}/test/${test}`),
  );
}
