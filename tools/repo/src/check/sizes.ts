import type { Finding } from './finding.ts';
import { filesOf, readText, type Workspace } from './workspace.ts';

const CAP = 400;
const EXCEPTION = /^\/[/*]\s*kernel: \S/;

/** Lines per file of all `src` folders: what to aim at is a median of 100 and a 90th percentile of 250. */
export interface Sizes {
  files: number;
  median: number;
  p90: number;
  longest: { file: string; lines: number } | undefined;
}

/** Measures the source files. */
export function measureSizes(workspace: Workspace): Sizes {
  const sizes = workspace.members
    .flatMap((member) => filesOf(workspace, member, ['src']))
    .map((file) => ({ file, lines: countLines(readText(workspace, file)) }))
    .sort((a, b) => a.lines - b.lines);
  const at = (share: number) => sizes[Math.ceil(share * sizes.length) - 1]?.lines ?? 0;
  return { files: sizes.length, median: at(0.5), p90: at(0.9), longest: sizes.at(-1) };
}

/** Files over the cap. A cryptographic kernel asks for an exception in its first line: `// kernel: why`. */
export function checkSizes(workspace: Workspace): Finding[] {
  return workspace.members
    .flatMap((member) => filesOf(workspace, member, ['src', 'test', 'bench']))
    .flatMap((file) => {
      const text = readText(workspace, file);
      const lines = countLines(text);
      if (lines <= CAP || EXCEPTION.test(text)) return [];
      return [{ file, message: `${lines} lines are more than ${CAP}: split it where the idea splits` }];
    });
}

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}
