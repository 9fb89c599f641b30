import { readConfig } from '../config.ts';
import type { DataDirectory } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { NodeStatus } from '../status.ts';
import { type Check, type Examined, type Finding, findingsOf } from './finding.ts';
import { portsCheck, reachCheck } from './network-checks.ts';
import { careCheck, certificateCheck, directoryCheck, journalsCheck, keysCheck } from './node-checks.ts';
import type { Probe } from './probe.ts';
import { clockCheck, limitsCheck, nativeCheck, nodeCheck, sandboxCheck } from './system-checks.ts';

/** Checks of a machine, whether it has a node or not. */
const machineChecks: readonly Check[] = [
  nodeCheck,
  clockCheck,
  directoryCheck,
  limitsCheck,
  nativeCheck,
  sandboxCheck,
];
/** Checks that a node must be there for. */
const ownChecks: readonly Check[] = [
  portsCheck,
  reachCheck,
  certificateCheck,
  keysCheck,
  journalsCheck,
  careCheck,
];

/**
 * Looks at a machine and at the node of a data directory, running or not. Changes nothing: what it writes to see that
 * writing works is gone again. A check that fails in itself is a finding too.
 */
export async function examine(
  directory: DataDirectory,
  parts: {
    readonly probe: Probe;
    readonly status: NodeStatus | undefined;
    readonly passphraseFile?: string;
    readonly signal: AbortSignal;
  },
): Promise<readonly Finding[]> {
  const { probe, status, passphraseFile, signal } = parts;
  const found = configOf(directory);
  const examined: Examined = { directory, ...found, status, passphraseFile, probe, signal };
  const hasNode = found.config !== undefined || found.isInitialized;
  const findings: Finding[] = [];
  for (const check of [...machineChecks, ...(hasNode ? ownChecks : [])]) {
    signal.throwIfAborted();
    findings.push(...(await resultOf(check, examined)));
  }
  return findings;
}

async function resultOf(check: Check, examined: Examined): Promise<readonly Finding[]> {
  try {
    return await check.run(examined);
  } catch (error) {
    const { fail } = findingsOf(check.name);
    if (error instanceof NodeError) return [fail(error.message, error.failure.next)];
    const what = error instanceof Error ? error.message : String(error);
    return [fail(`it could not be looked at: ${what}`, 'see that this user may read the data directory')];
  }
}

function configOf(
  directory: DataDirectory,
): Pick<Examined, 'config' | 'configProblem'> & { readonly isInitialized: boolean } {
  try {
    return { config: readConfig(directory), configProblem: undefined, isInitialized: true };
  } catch (error) {
    if (!(error instanceof NodeError)) {
      const what = error instanceof Error ? error.message : String(error);
      return {
        config: undefined,
        configProblem: { what, next: 'see that this user may read it' },
        isInitialized: true,
      };
    }
    return {
      config: undefined,
      configProblem: { what: error.message, next: error.failure.next },
      isInitialized: error.failure.code !== 'node/not-initialized',
    };
  }
}
