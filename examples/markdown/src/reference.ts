import { pathToFileURL } from 'node:url';
import { packageFolder } from './paths.ts';

/** What the same program with the same library answers when this Node runs it itself. */
export async function referenceOf(markdown: Uint8Array): Promise<string> {
  const program = (await import(pathToFileURL(`${packageFolder()}/index.js`).href)) as {
    default(input: Uint8Array): string;
  };
  return program.default(markdown);
}
