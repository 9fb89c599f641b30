import { moved, passphraseIn } from './backup.ts';
import { type Command, dataFlag } from './command.ts';
import { directoryOf } from './control.ts';

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'make a data directory of a backup',
  details:
    'Every file is checked before the directory appears; one that holds anything is not touched. Never run the old node and the restored one at the same time.',
  positionals: [
    { name: 'FILE', describe: 'what hypermesh backup wrote', required: true, accepts: { file: true } },
  ],
  flags: [
    dataFlag,
    {
      name: 'passphrase-file',
      value: 'FILE',
      describe: 'file with the passphrase that the backup was sealed with',
      accepts: { file: true },
    },
    {
      name: 'last-state',
      describe: 'say that the node was stopped for this backup and has not run since: it may vote at once',
    },
  ],
  examples: [
    'hypermesh restore /media/usb/amber.tar --data ~/.hypermesh --passphrase-file ~/backup-passphrase',
  ],
  async run(invocation) {
    const { positionals, flags, output, signal } = invocation;
    const { restore } = await import('../backup/restore.ts');
    const directory = directoryOf(invocation);
    const startedMs = performance.now();
    const passphrase = passphraseIn(invocation);
    const report = await restore(positionals[0] ?? '', directory, {
      isLastState: flags['last-state'] === true,
      signal,
      ...(passphrase === undefined ? {} : { passphrase }),
      onProgress: (done, total) => output.progress(moved('restoring', done, total, startedMs)),
    });
    output.line(`Restored ${report.name} as of ${report.madeAt} into ${report.directory}`, 'good');
    if (report.isMute)
      output.line(
        'It follows the ledger and votes when the others have shown how far the mesh is (hypermesh status).',
      );
    if (report.isLogHeld)
      output.line('The log of the mesh in it may be old: it appends nothing, so nothing can be published.');
    output.line(`Next: hypermesh up --data ${directory.path}`);
    return report;
  },
};
