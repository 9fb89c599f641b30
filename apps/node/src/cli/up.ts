import { jsonLog } from '../adapters/json-log.ts';
import { withApiFlag } from '../api/config.ts';
import { dashboardLink } from '../api/link.ts';
import { readIfPresent } from '../data-directory.ts';
import { type Command, dataFlag } from './command.ts';
import { directoryOf } from './control.ts';
import { apiFlag, textOf } from './init.ts';
import { jsonVersion, toJson } from './output.ts';

export const upCommand: Command = {
  name: 'up',
  summary: 'run this node until Ctrl-C',
  details:
    'The log goes to stderr, one JSON object a line. With --json the first line of stdout says that it serves.',
  positionals: [],
  flags: [
    dataFlag,
    apiFlag,
    {
      name: 'passphrase-file',
      value: 'FILE',
      describe: 'file with the passphrase of the keystores',
      accepts: { file: true },
    },
    { name: 'verbose', describe: 'log more' },
    { name: 'stop-with-stdin', describe: 'stop when standard input ends, for programs that start nodes' },
  ],
  async run(invocation) {
    const { flags, output, signal } = invocation;
    const directory = directoryOf(invocation);
    using stdin = flags['stop-with-stdin'] === true ? endOfStdin() : undefined;
    const until = stdin === undefined ? signal : AbortSignal.any([signal, stdin.signal]);
    const logLevel = flags['verbose'] === true ? 'debug' : 'info';
    const passphraseFile = textOf(flags['passphrase-file']);
    const { openDaemon } = await import('../daemon.ts');
    const daemon = await openDaemon(directory, {
      log: jsonLog(process.stderr, logLevel),
      logLevel,
      signal: until,
      api: (configured) => withApiFlag(configured, textOf(flags['api'])),
      ...(passphraseFile === undefined ? {} : { passphraseFile }),
    });
    const { name, nodeId, address, apiUrl: api = null } = daemon;
    if (flags['json'] === true)
      process.stdout.write(
        `${toJson({ v: jsonVersion, ok: true, command: 'up', name, nodeId, address, api })}\n`,
      );
    if (address === '') output.line(`${name} ${nodeId} runs in phase 0: ${daemon.waitsFor}`);
    else output.line(`${name} ${nodeId} listens on ${address}`);
    // Invitations and the link's token are secrets: with --json, words end up in logs.
    if (flags['json'] !== true) {
      const token = readIfPresent(directory.apiToken)?.toString('utf8').trim() ?? '';
      if (api !== null) output.line(`Dashboard:\n  ${dashboardLink(api, token)}`);
      for (const invitation of daemon.invitations()) {
        output.line(`Invitation for one machine:\n  hypermesh join ${invitation}`);
      }
    }
    await new Promise<void>((resolve) => {
      if (until.aborted) return resolve();
      until.addEventListener('abort', () => resolve(), { once: true });
    });
    output.line('Stopping. A second signal ends it at once.');
    // What does not close in time is left to what the next start finds on the disk.
    const overdue = setTimeout(() => {
      process.stderr.write('hypermesh: it did not stop in time and ends as it is\n');
      process.exit(1);
    }, daemon.stopsWithinMs).unref();
    await daemon.stop();
    clearTimeout(overdue);
    return { name, nodeId, address: daemon.address, api };
  },
};

/** Aborts when standard input ends. While it is watched the process stays alive for it. */
function endOfStdin(): Disposable & { readonly signal: AbortSignal } {
  const ended = new AbortController();
  const end = () => ended.abort(new Error('standard input ended'));
  process.stdin.once('end', end).once('error', end).resume();
  return {
    signal: ended.signal,
    [Symbol.dispose]() {
      process.stdin.off('end', end).destroy();
    },
  };
}
