import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPath, wasmPath } from '@hypermesh/example-anagrams';
import type { PublishReport } from '@hypermesh/node/control';
import type { StepResult, TourContext } from '../tour.ts';
import { libraries } from './libraries.ts';

export const packageName = 'anagrams';

/** Least bytes of the libraries of other people together. */
const leastLibraryBytes = 20_000_000;

/**
 * Node 1 publishes libraries of other people, as a package manager installed them, and a program with the word list that it
 * works on. On a resumed mesh the libraries are there already and the program gets its next version.
 */
export async function publishStep(context: TourContext): Promise<StepResult> {
  const { mesh, progress, signal, scratch, seen } = context;
  const [publisher] = mesh;
  const { versions } = await publisher.call<{ versions: readonly string[] }>(
    'versions',
    { name: packageName },
    { signal },
  );
  const folder = await preparePackage(join(scratch, 'package'), `1.0.${versions.length}`);
  const published: PublishReport[] = [];
  for (const source of [folder, ...libraries.map((library) => `npm-folder:${library.folder}`)]) {
    const result = await publisher.call<PublishReport>(
      'publish',
      { source },
      { signal, onProgress: progress.live },
    );
    published.push(result);
    progress.fact(describe(result));
  }
  seen.published = published;
  seen.publishedAt = Math.max(...published.map(({ height }) => height));
  seen.version = published[0]?.version ?? '';
  const [first] = published;
  const suites = [...new Set(first?.signers.map(({ suite }) => suite))];
  progress.fact(
    `each signed by ${publisher.name} with ${suites.join(' and ')}, logged, ordered, and stored on ${first?.copies} further nodes`,
  );
  const ofOthers = published.filter(({ name }) => name !== packageName);
  const bytes = ofOthers.reduce((sum, each) => sum + each.bytes, 0);
  const packages = published.map(({ name, version, digest, bytes: size, signers, height, holders }) => ({
    name,
    version,
    digest,
    bytes: size,
    signers,
    height,
    holders,
  }));
  const isSigned = published.every(({ signers }) =>
    ['ed25519', 'falcon-1024-r3'].every((suite) => signers.some((signer) => signer.suite === suite)),
  );
  const isStored = published.every(({ copies }) => copies >= 2);
  const ok = isSigned && isStored && ofOthers.length === libraries.length && bytes >= leastLibraryBytes;
  return { ok, bytes, packages };
}

function describe({ name, version, bytes, digest, height }: PublishReport): string {
  return `${name}@${version}: ${(bytes / 1e6).toFixed(1)} MB, digest ${digest.slice(0, 16)}…, final at block ${height}`;
}

async function preparePackage(folder: string, version: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await copyFile(wasmPath(), join(folder, 'anagrams.wasm'));
  await copyFile(dataPath(), join(folder, 'words.json'));
  const document = `apiVersion: "catalog.v1"
kind: "AssetPackage"
metadata:
  name: ${packageName}
  version: ${version}
  tags: [words, example]

spec:
  description: "Finds the anagrams in a list of English words"
  type: vm.wasm
  content:
    files: [anagrams.wasm, words.json]
    entrypoint: anagrams.wasm
    args: [run, words.json]

  resources:
    cpu_cores: 1
    memory_mb: 64

  execution:
    cpu_required: true
`;
  await writeFile(join(folder, 'catalog.yaml'), document);
  return folder;
}
