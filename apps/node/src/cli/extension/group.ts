import { dataFlag, dryRunFlag, type Flag, type Group, type Positional } from '../command.ts';
import { call } from './calling.ts';
import { change, load, pin, reload, sign, unload, unpin } from './changing.ts';
import { audit, info, list } from './looking.ts';

const whichOne: Positional = {
  name: 'ID',
  describe: 'which extension, such as hypermesh.catalog',
  required: true,
  accepts: { from: 'extensions' },
};
const whichCapability: Positional = {
  name: 'CAPABILITY',
  describe: 'such as storage:read; info shows what it asks for',
  required: true,
};
const whichSigner: Positional = {
  name: 'SIGNER',
  describe: 'the id of a signer, as load and info name it',
  required: true,
  accepts: { from: 'signers' },
};
const grantFlag: Flag = {
  name: 'grant',
  value: 'CAPABILITIES',
  describe: 'what it gets of what it asks for, by commas; nothing else',
};
const trustedFlag: Flag = {
  name: 'trusted',
  describe: "lets it run in the node's own process, where nothing holds it",
};

export const extensionGroup: Group = {
  name: 'extension',
  summary: 'what extends this node: load, grant, call, reload, audit',
  details:
    'An extension is a signed folder. Only what you load runs, only by signers that you pinned, and only with what you granted.',
  commands: [
    {
      name: 'list',
      summary: 'show the extensions of the running node, and whom it lets in',
      positionals: [],
      flags: [dataFlag],
      run: list,
    },
    {
      name: 'info',
      summary: 'show one: signer, grants, operations, quotas and how each is kept',
      positionals: [whichOne],
      flags: [dataFlag],
      run: info,
    },
    {
      name: 'load',
      summary: 'verify a signed folder, copy it, and start it, now and after each restart',
      positionals: [
        { name: 'FOLDER', describe: 'a signed extension', required: true, accepts: { folder: true } },
      ],
      flags: [dataFlag, grantFlag, trustedFlag, dryRunFlag],
      examples: [
        'hypermesh extension load ./words --dry-run',
        'hypermesh extension load ./words --grant storage:read,storage:write',
      ],
      run: load,
    },
    {
      name: 'reload',
      summary: 'put a new version in its place without losing a call or its state',
      details: 'What it asks for anew has to be granted. Where it cannot start, the version before goes on.',
      positionals: [whichOne],
      flags: [
        dataFlag,
        {
          name: 'from',
          value: 'FOLDER',
          describe: 'the new version',
          fallback: 'where it was loaded from',
          accepts: { folder: true },
        },
        grantFlag,
        trustedFlag,
        dryRunFlag,
      ],
      run: reload,
    },
    {
      name: 'unload',
      summary: 'end it, and forget it with all that it stored',
      positionals: [whichOne],
      flags: [dataFlag],
      run: unload,
    },
    {
      name: 'deactivate',
      summary: 'keep it from running, now and after a restart; it stays on disk',
      positionals: [whichOne],
      flags: [dataFlag],
      run: (invocation) => change(invocation, 'extension-deactivate'),
    },
    {
      name: 'activate',
      summary: 'let it run again',
      positionals: [whichOne],
      flags: [dataFlag],
      run: (invocation) => change(invocation, 'extension-activate'),
    },
    {
      name: 'grant',
      summary: 'give it a capability that it asks for',
      positionals: [whichOne, whichCapability],
      flags: [dataFlag],
      run: (invocation) => change(invocation, 'extension-grant'),
    },
    {
      name: 'revoke',
      summary: 'take a capability away at once; without one that it needs it stops',
      positionals: [whichOne, whichCapability],
      flags: [dataFlag],
      run: (invocation) => change(invocation, 'extension-revoke'),
    },
    {
      name: 'call',
      summary: 'call one of its operations and print the result',
      positionals: [
        whichOne,
        {
          name: 'METHOD',
          describe: 'which operation, as info lists them',
          required: true,
          accepts: { from: 'operations' },
        },
      ],
      flags: [
        dataFlag,
        { name: 'input', value: 'JSON', describe: 'what it is given; @FILE reads a file, @- standard input' },
      ],
      examples: [`hypermesh extension call acme.words words.count --input '"to be or not"'`],
      run: call,
    },
    {
      name: 'pin',
      summary: 'let in what a signer signed, from now on; nothing is pinned by itself',
      positionals: [whichSigner],
      flags: [
        dataFlag,
        { ...trustedFlag, describe: "also into the node's own process, where nothing holds it" },
      ],
      run: pin,
    },
    {
      name: 'unpin',
      summary: 'let a signer in no more, and stop what runs of it',
      positionals: [whichSigner],
      flags: [dataFlag],
      run: unpin,
    },
    {
      name: 'sign',
      summary: 'sign a folder as this node, into a new folder',
      positionals: [
        {
          name: 'FOLDER',
          describe: 'a manifest.json and what it names',
          required: true,
          accepts: { folder: true },
        },
        { name: 'OUT', describe: 'a folder that is not there yet', required: true },
      ],
      flags: [dataFlag],
      run: sign,
    },
    {
      name: 'audit',
      summary: 'check the audit log of extensions, and show its newest records',
      details: 'Exit code 1 where it is not what was written.',
      positionals: [],
      flags: [
        dataFlag,
        { name: 'of', value: 'ID', describe: 'records of one extension', accepts: { from: 'extensions' } },
        {
          name: 'newest',
          value: 'N',
          describe: 'how many records',
          fallback: '0',
          accepts: { whole: true, most: 500 },
        },
      ],
      run: audit,
    },
  ],
};
