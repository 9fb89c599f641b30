import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPath, wasmPath } from '@hypermesh/example-anagrams';
import type { PublishReport } from '@hypermesh/node/control';
import type { StepResult, TourContext } from '../tour.ts';

export const packageName = 'anagrams';

/** Node 1 publishes a program with the word list that it works on. On a resumed mesh it publishes the next version. */
export async function publishStep({
  mesh,
  progress,
  signal,
  scratch,
  seen,
}: TourContext): Promise<StepResult> {
  const [publisher] = mesh;
  const { versions } = await publisher.call<{ versions: readonly string[] }>(
    'versions',
    { name: packageName },
    { signal },
  );
  const version = `1.0.${versions.length}`;
  const folder = await preparePackage(join(scratch, 'package'), version);
  const result = await publisher.call<PublishReport>(
    'publish',
    { folder },
    { signal, onProgress: progress.live },
  );
  seen.version = result.version;
  seen.publishedAt = result.height;
  const suites = result.signers.map(({ suite }) => suite);
  progress.fact(
    `${publisher.name} published ${result.name}@${result.version}, ${result.bytes} bytes, digest ${result.digest.slice(0, 16)}…`,
  );
  progress.fact(
    `signed with ${suites.join(' and ')}; log entry ${result.logIndex}; final at block ${result.height}`,
  );
  const ok = suites.includes('ed25519') && suites.includes('falcon-1024-r3');
  const { name, ...facts } = result;
  return { ok, package: `${name}@${result.version}`, ...facts };
}

async function preparePackage(folder: string, version: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await copyFile(wasmPath(), join(folder, 'anagrams.wasm'));
  await copyFile(dataPath(), join(folder, 'words.json'));
  const document = `apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: ${packageName}, version: ${version}, tags: [words, text] }
spec:
  description: finds the largest families of anagrams in a list of words
  type: vm.wasm
  content: { files: [anagrams.wasm, words.json], entrypoint: anagrams.wasm, args: [run, words.json] }
`;
  await writeFile(join(folder, 'catalog.yaml'), document);
  return folder;
}
