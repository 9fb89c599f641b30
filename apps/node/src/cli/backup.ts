import { readIfPresent } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag, type Invocation } from './command.ts';
import { directoryOf } from './control.ts';
import { textOf } from './init.ts';

export const backupCommand: Command = {
  name: 'backup',
  summary: 'write a backup of this node into a new file, while it runs or not',
  details:
    'The file is a tar archive with a digest of each file. Keys go in only under a passphrase of your own. A backup of a running node is whole, but a node restored from it votes only when the others have shown how far the mesh is.',
  positionals: [
    { name: 'FILE', describe: 'a file that is not there yet', required: true, accepts: { file: true } },
  ],
  flags: [
    dataFlag,
    {
      name: 'passphrase-file',
      value: 'FILE',
      describe: 'file with the passphrase to seal the keys with',
      accepts: { file: true },
    },
    {
      name: 'without-content',
      describe: 'leave out chunks of packages and other content: other members hold them too',
    },
  ],
  examples: ['hypermesh backup /media/usb/amber.tar --passphrase-file ~/backup-passphrase'],
  async run(invocation) {
    const { positionals, flags, output, signal } = invocation;
    const { backUp } = await import('../backup/backup.ts');
    const startedMs = performance.now();
    const passphrase = passphraseIn(invocation);
    const report = await backUp(directoryOf(invocation), positionals[0] ?? '', {
      withContent: flags['without-content'] !== true,
      signal,
      ...(passphrase === undefined ? {} : { passphrase }),
      onProgress: (done, total) => output.progress(moved('backing up', done, total, startedMs)),
    });
    output.line(`Backed up ${report.files} files, ${formatBytes(report.bytes)}, into ${report.file}`, 'good');
    for (const name of report.damaged) output.line(`Left out, because it is damaged: ${name}`, 'bad');
    output.line(
      report.isStopped
        ? 'The node did not run: as long as it has not run again, restore with --last-state.'
        : 'The node ran: restored from this it votes when the others have shown how far the mesh is.',
    );
    return report;
  },
};

/** How far bytes are, with their rate. */
export function moved(text: string, done: number, total: number, startedMs: number) {
  const seconds = Math.max(0.001, (performance.now() - startedMs) / 1000);
  return { text, done, total, unit: 'bytes' as const, rateBps: Math.round(done / seconds) };
}

/** The passphrase in the file that `--passphrase-file` names. */
export function passphraseIn({ flags }: Invocation): string | undefined {
  const path = textOf(flags['passphrase-file']);
  if (path === undefined) return undefined;
  const text = readIfPresent(path)
    ?.toString('utf8')
    .replace(/\r?\n$/, '');
  if (text !== undefined && text.length > 0) return text;
  throw new NodeError(
    {
      code: 'node/bad-flag',
      flag: '--passphrase-file',
      next: 'name a file that holds the passphrase on one line',
    },
    `${path} holds no passphrase`,
  );
}
