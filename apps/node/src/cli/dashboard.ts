import { dashboardLink } from '../api/link.ts';
import { connectControl } from '../control/client.ts';
import { type DataDirectory, readIfPresent, writeDurably } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import { type Command, dataFlag } from './command.ts';
import { directoryOf } from './control.ts';

export const dashboardCommand: Command = {
  name: 'dashboard',
  summary: "print the link to the running node's pages",
  details:
    'The link carries the token of the node behind its #, where no server sees it: whoever has the link has the node.\n' +
    '--open opens it in a browser, by a file that only this user can read, so that no list of processes shows it.',
  positionals: [{ name: 'PAGE', describe: 'a page, such as assets or ledger', required: false }],
  flags: [dataFlag, { name: 'open', describe: 'open it in a browser' }],
  examples: ['hypermesh dashboard', 'hypermesh dashboard wallet --open'],
  async run(invocation) {
    const { flags, positionals, output } = invocation;
    const directory = directoryOf(invocation);
    const page = pageIn(positionals[0] ?? '');
    // Whoever listens on the address of a node that is gone must not get its token.
    using _running = await connectControl(directory.controlSocket, directory.path);
    const link = linkOf(directory, page);
    output.line(link);
    const opened = flags['open'] === true && (await open(directory, link));
    if (flags['open'] === true && !opened)
      output.line('Nothing here opens a browser: open the link by hand.');
    return { link, opened };
  },
};

function pageIn(page: string): string {
  if (/^[a-z0-9/-]{0,200}$/i.test(page)) return page.replace(/^\/+/, '');
  throw new NodeError(
    { code: 'node/bad-flag', flag: 'PAGE', next: 'give a page such as assets, ledger or wallet' },
    `${JSON.stringify(page)} is no page`,
  );
}

function linkOf(directory: DataDirectory, page: string): string {
  const address = readIfPresent(directory.apiAddress)?.toString('utf8');
  const token = readIfPresent(directory.apiToken)?.toString('utf8').trim();
  if (address !== undefined && token !== undefined)
    return dashboardLink((JSON.parse(address) as { readonly url: string }).url, token, page);
  throw new NodeError(
    {
      code: 'node/not-found',
      what: 'the address of the API',
      next: `set enabled = true under [api] in ${directory.config}, and start the node again`,
    },
    'The API of this node is off, and with it the dashboard',
  );
}

/** Has the system open a file that leads to the link. */
async function open(directory: DataDirectory, link: string): Promise<boolean> {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const file = `${directory.path}/dashboard.html`;
  // A link has no characters that mean something in HTML beside what is in it on purpose.
  writeDurably(
    file,
    `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${link}">\n`,
  );
  const { spawn } = await import('node:child_process');
  return await new Promise((resolve) => {
    const child = spawn(program, [file], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
