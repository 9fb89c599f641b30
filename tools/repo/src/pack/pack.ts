import { pnpm } from './pnpm.ts';

/** Packs one built package as the registry would get it. Resolves to the tarball's path. */
export async function packInto(folder: string, target: string): Promise<string> {
  const { stdout } = await pnpm(['pack', '--json', '--pack-destination', target], {
    cwd: folder,
    limitMs: 60_000,
  });
  return (JSON.parse(stdout) as { filename: string }).filename;
}
