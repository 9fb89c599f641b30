import { dataWords } from '../data-directory.ts';
import { type Command, dataFlag, dryRunFlag, type Flag, isDryRun } from './command.ts';
import { directoryOf } from './control.ts';

/** Where the API answers. */
export const apiFlag: Flag = {
  name: 'api',
  value: 'ADDRESS',
  describe: 'where the API and the dashboard answer, such as http://[::1]:0, or off',
};

/** Flags of the commands that make a node. */
export const nodeFlags: readonly Flag[] = [
  dataFlag,
  { name: 'name', value: 'NAME', describe: 'what people call this node', fallback: "the machine's name" },
  {
    name: 'listen',
    value: 'ADDRESS',
    describe: 'where it listens, such as quic://[::1]:0',
    fallback: 'quic://[::1]:0',
  },
  { ...apiFlag, fallback: 'http://[::1]:0' },
  {
    name: 'passphrase-file',
    value: 'FILE',
    describe: 'file with the passphrase of the keystores',
    fallback: 'one is generated and kept in the data directory, for its owner alone',
    accepts: { file: true },
  },
];

export const initCommand: Command = {
  name: 'init',
  summary: 'found a mesh: keys, root certificate, invitations for the other members',
  details:
    'The genesis lists all members from the start; it is made when the last of them has joined.\n' +
    'The root key is needed no more after this: move keys/root.keystore to a safe place.',
  positionals: [],
  flags: [
    ...nodeFlags,
    dryRunFlag,
    { name: 'mesh', value: 'NAME', describe: 'what people call the mesh', fallback: 'hypermesh' },
    {
      name: 'validators',
      value: 'N',
      describe: 'members of the genesis, this node among them',
      fallback: '4',
      accepts: { whole: true, least: 1, most: 256 },
    },
  ],
  async run(invocation) {
    const { flags, output } = invocation;
    const directory = directoryOf(invocation);
    const { checkName } = await import('../config.ts');
    const { nameFrom, optional } = await import('./node-options.ts');
    const name = nameFrom(flags['name']);
    const mesh = checkName(textOf(flags['mesh']) ?? 'hypermesh', '--mesh');
    if (isDryRun(invocation)) {
      const { planNode } = await import('./node-plan.ts');
      return await planNode(invocation, { name, mesh, ...optional(flags) });
    }
    const validators = Number(textOf(flags['validators']) ?? '4');
    output.progress({ text: 'making keys (Ed25519, Falcon-1024, P-256, ML-DSA-65) and certificates' });
    const { initMesh } = await import('../init.ts');
    const result = await initMesh(directory, { name, mesh, validators, ...optional(flags) });
    const faults = Math.floor((validators - 1) / 3);
    output.line(`Founded ${mesh} in ${directory.path}`);
    output.line(`  node   ${name}  ${result.nodeId}`);
    output.line(`  root   ${result.root}`);
    output.line(
      `  bears  ${faults} faulty of ${validators} validators${faults === 0 ? ' (four are needed to bear one)' : ''}`,
    );
    output.line(`Next: hypermesh up${dataWords(directory.path)}   (prints the invitations)`);
    return { ...result, name, mesh, validators, directory: directory.path };
  },
};

/** The value of a flag that takes one. */
export function textOf(flag: string | true | undefined): string | undefined {
  return typeof flag === 'string' ? flag : undefined;
}
