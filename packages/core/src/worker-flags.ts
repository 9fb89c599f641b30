/**
 * The flags of a host process that a worker thread of a library takes over: the import conditions, and nothing else.
 * Flags such as `--input-type`, `--eval` or `--max-old-space-size` are the host's own, and no thread starts under them.
 */
export function workerFlags(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((flag, at) => {
    if (/^(?:--conditions|-C)=/.test(flag)) return [flag];
    return flag === '--conditions' || flag === '-C' ? [`--conditions=${execArgv[at + 1] ?? ''}`] : [];
  });
}
