import { lockHolder } from '../directory-lock.ts';
import type { Finding, FindingState } from '../doctor/finding.ts';
import type { NodeStatus } from '../status.ts';
import { type Command, dataFlag, type Invocation } from './command.ts';
import { callNode, directoryOf } from './control.ts';
import { textOf } from './init.ts';

const marks: Readonly<Record<FindingState, string>> = {
  ok: 'ok  ',
  warn: 'WARN',
  fail: 'FAIL',
  untested: '?   ',
};

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'look at this machine and its node, running or not, and say what is wrong and what to do',
  details:
    'Looks at Node.js, clock, data directory and disk, memory and file limits, native parts, sandbox, ports, reach, certificate, keys, journals, content and backups. It changes nothing and asks nobody outside. The exit code is 1 where something fails; what cannot be told from here is said to be untested.',
  positionals: [],
  flags: [
    dataFlag,
    {
      name: 'passphrase-file',
      value: 'FILE',
      describe: 'file with the passphrase of the keystores',
      accepts: { file: true },
    },
  ],
  examples: ['hypermesh doctor', 'hypermesh doctor --json'],
  async run(invocation) {
    const { flags, output, signal } = invocation;
    const directory = directoryOf(invocation);
    const [{ examine }, { systemProbe }] = await Promise.all([
      import('../doctor/examine.ts'),
      import('../doctor/probe.ts'),
    ]);
    const isRunning = lockHolder(directory) !== undefined;
    const passphraseFile = textOf(flags['passphrase-file']);
    const findings: Finding[] = [
      ...(await examine(directory, {
        probe: systemProbe,
        status: isRunning ? await statusOf(invocation) : undefined,
        signal,
        ...(passphraseFile === undefined ? {} : { passphraseFile }),
      })),
    ];
    const count = (state: FindingState) => findings.filter((finding) => finding.state === state).length;
    for (const { check, state, what, where, next } of findings) {
      const place = where === undefined || what.includes(where) ? '' : `  (${where})`;
      const tone = state === 'fail' ? 'bad' : state === 'ok' ? 'good' : 'faint';
      output.line(`${marks[state]}  ${check.padEnd(11)}  ${what}${place}`, tone);
      if (next !== undefined) output.line(`                   -> ${next}`);
    }
    const [fails, warns] = [count('fail'), count('warn')];
    output.line(`${findings.length} looked at: ${fails} fail, ${warns} warn, ${count('untested')} untested`);
    return { ...(fails > 0 ? { ok: false } : {}), isRunning, findings };
  },
};

/** What the running node says; undefined where it does not answer, which other checks then show. */
async function statusOf(invocation: Invocation): Promise<NodeStatus | undefined> {
  try {
    return await callNode<NodeStatus>(invocation, 'status', {});
  } catch (error) {
    invocation.output.line(
      `The node runs and does not answer: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}
