import type { InstallResult } from '../package/service.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const installCommand: Command = {
  name: 'install',
  summary: 'fetch a package from a peer, verify it, and register it',
  positionals: [{ name: 'NAME[@RANGE]', describe: 'which package, such as anagrams@^1.0.0', required: true }],
  flags: [dataFlag],
  async run(invocation) {
    const result = await callNode<InstallResult>(invocation, 'install', { spec: invocation.positionals[0] });
    invocation.output.line(
      `Installed ${result.name}@${result.version}: ${formatBytes(result.bytesMoved)} moved, ${formatBytes(result.bytes)} in all`,
    );
    invocation.output.line(`  digest   ${result.digest}`);
    invocation.output.line(`  signers  ${result.signers.map(({ suite }) => suite).join(' and ')}`);
    invocation.output.line(`  from     ${result.from} over ${result.carrier}, ${result.kem}`);
    return result;
  },
};
