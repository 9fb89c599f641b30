import { jsonLog } from '../adapters/json-log.ts';
import { openDaemon } from '../daemon.ts';
import { type Command, dataFlag } from './command.ts';
import { directoryOf } from './control.ts';
import { textOf } from './init.ts';
import { toJson } from './output.ts';

export const upCommand: Command = {
  name: 'up',
  summary: 'run this node until Ctrl-C',
  details:
    'The log goes to stderr, one JSON object a line. With --json the first line of stdout says that it serves.',
  positionals: [],
  flags: [
    dataFlag,
    { name: 'passphrase-file', value: 'FILE', describe: 'file with the passphrase of the keystores' },
    { name: 'verbose', describe: 'log more' },
    { name: 'stop-with-stdin', describe: 'stop when standard input ends, for programs that start nodes' },
  ],
  async run(invocation) {
    const { flags, output, signal } = invocation;
    const directory = directoryOf(invocation);
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    if (flags['stop-with-stdin'] === true) {
      process.stdin.once('end', () => stop.abort()).once('error', () => stop.abort());
      process.stdin.resume();
    }
    const passphraseFile = textOf(flags['passphrase-file']);
    await using daemon = await openDaemon(directory, {
      log: jsonLog(process.stderr, flags['verbose'] === true ? 'debug' : 'info'),
      ...(passphraseFile === undefined ? {} : { passphraseFile }),
    });
    const { name, nodeId, address } = daemon;
    if (flags['json'] === true) process.stdout.write(`${toJson({ ok: true, name, nodeId, address })}\n`);
    output.line(`${name} ${nodeId} listens on ${address}`);
    // Invitations are secrets: with --json, words end up in logs.
    if (flags['json'] !== true) {
      for (const invitation of daemon.invitations()) {
        output.line(`Invitation for one machine:\n  hypermesh join ${invitation}`);
      }
    }
    await new Promise<void>((resolve) => {
      if (until.aborted) return resolve();
      until.addEventListener('abort', () => resolve(), { once: true });
    });
    output.line('Stopping.');
    return { name, nodeId, address };
  },
};
