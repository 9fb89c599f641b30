import type { QuickJs, ScriptRequest, ScriptResult } from '../../src/quickjs/index.ts';

/** Files of a program from texts. */
export function filesOf(texts: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)]));
}

/** Runs a program of one file, with limits that are ample for a test unless told otherwise. */
export function runScript(
  quickjs: QuickJs,
  source: string | Readonly<Record<string, string>>,
  more: Partial<ScriptRequest> = {},
): Promise<ScriptResult> {
  return quickjs.run({
    files: filesOf(typeof source === 'string' ? { 'index.js': source } : source),
    entry: 'index.js',
    fuel: 1_000_000_000n,
    memoryPages: 512,
    deadlineMs: 60_000,
    ...more,
  });
}
