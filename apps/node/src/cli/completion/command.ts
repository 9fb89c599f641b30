import { type ControlClient, connectControl } from '../../control/client.ts';
import { type Command, dataFlag, type NameList, nameLists } from '../command.ts';
import { directoryOf } from '../control.ts';
import { namesOf } from './names.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

export const completionCommand: Command = {
  name: 'completion',
  summary: 'print a completion script for a shell',
  details: [
    'Commands and flags come from the script itself, names of packages, members and the like from the running node.',
    'bash: . <(hypermesh completion bash)        in ~/.bashrc',
    'zsh:  source <(hypermesh completion zsh)    in ~/.zshrc, after compinit',
    'fish: hypermesh completion fish | source    in ~/.config/fish/config.fish',
  ].join('\n'),
  positionals: [{ name: 'SHELL', describe: 'bash, zsh or fish', required: true, accepts: { oneOf: shells } }],
  flags: [],
  async run({ flags, positionals, output }) {
    const shell = positionals[0] as Shell;
    const script = await scriptFor(shell);
    if (flags['json'] !== true) output.line(script.trimEnd());
    return { shell, script };
  },
};

/** The script that a shell reads. */
export async function scriptFor(shell: Shell): Promise<string> {
  const { tree } = await import('../commands.ts');
  switch (shell) {
    case 'bash':
      return (await import('./bash.ts')).bashCompletion(tree);
    case 'zsh':
      return (await import('./zsh.ts')).zshCompletion(tree);
    case 'fish':
      return (await import('./fish.ts')).fishCompletion(tree);
  }
}

/** A person waits for it with a finger on the key. */
const patienceMs = 1500;

export const completeCommand: Command = {
  name: '__complete',
  summary: 'print names that the running node knows; silent where none runs',
  positionals: [{ name: 'LIST', describe: 'which names', required: true, accepts: { oneOf: nameLists } }],
  flags: [dataFlag],
  isHidden: true,
  async run(invocation) {
    const { controlSocket, path } = directoryOf(invocation);
    const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(patienceMs)]);
    try {
      using client: ControlClient = await connectControl(controlSocket, path);
      const list = invocation.positionals[0] as NameList;
      const names = await namesOf(list, (method, params) => client.call(method, params, { signal }));
      for (const name of names) invocation.output.line(name);
      return { names };
    } catch {
      // No node, a node that has no ledger yet, one that is slow: there is nothing to offer, and nobody to tell.
      return { names: [] };
    }
  },
};
