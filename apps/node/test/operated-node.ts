import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { signerId } from '@hypermesh/trustchain/sign';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { extensionSigner } from '../src/adapters/extension-trust.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { type ExtensionChange, type Extensions, openExtensions } from '../src/extensions/service.ts';
import { signFolder } from '../src/extensions/signing.ts';
import type { Phase2 } from '../src/phases.ts';
import { type SigningMembers, signingMembers } from './signing-members.ts';

/** The extension of these tests. */
export const id = 'acme.words';

/** What differs from the smallest extension that counts words. */
export interface Made {
  readonly version?: string;
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  readonly tier?: 'strict' | 'trusted';
  readonly state?: string;
  readonly over?: string;
  readonly by?: Phase2;
}

/** How a node signs in the records of extensions. */
export function selfOf({ keys }: Phase2): string {
  return signerId({ ed25519: keys.ed25519.publicKey, falcon1024: keys.falcon.publicKey });
}

const readsHeight = `'words.height': { needs: ['monitoring:read'], run: (p, ctx) => ctx.caps['monitoring:read'].health() },`;
const keeps = `'words.keep': { needs: ['storage:write', 'storage:read'], run: async (text, ctx) => {
  await ctx.caps['storage:write'].put('last', text);
  return ctx.caps['storage:read'].keys();
} },`;

/** A node's extensions and their operator, in a data directory that is new for each test of a file. */
export class OperatedNode {
  readonly root = mkdtempSync(join(tmpdir(), 'hm-operator-'));
  members!: SigningMembers;
  /** A member that signs what is loaded here. */
  friend = '';
  directory: DataDirectory = dataDirectory(join(this.root, 'none'));
  changes: ExtensionChange[] = [];
  #number = 0;

  /** A path in the folder of these tests that nothing has yet. */
  fresh(name: string): string {
    return join(this.root, `${name}-${this.#number++}`);
  }

  /** Opens the extensions as a start would; another call on the same directory is a restart. */
  open(clock: Clock = systemClock): Promise<Extensions> {
    return openExtensions(this.directory, this.members.phase, {
      capabilities: {},
      offers: { 'monitoring:read': { create: () => ({ health: async () => ({ height: 7 }) }) } },
      consensus: { check: async () => ({ ok: false, reason: 'none' }) as const },
      clock,
      log: silentLog,
      from: [],
      tell: (change) => this.changes.push(change),
    });
  }

  /** Signs an extension that counts words and keeps how many, by the friend unless somebody else is named. */
  async made(what: Made = {}): Promise<string> {
    const { version = '1.0.0', required = [], optional = [], tier = 'strict', over = '' } = what;
    const { state = '{ version: 1, initial: () => ({ n: 0 }) }', by = this.members.friend } = what;
    const asked = (name: string) => [...required, ...optional].includes(name);
    const folder = this.fresh('made');
    mkdirSync(join(folder, 'lib'), { recursive: true });
    const manifest = {
      manifest_version: '1.0',
      extension: { id, name: 'Words', version },
      runtime: { type: 'native', entry_point: 'lib/extension.mjs' },
      capabilities: { required, optional },
      resources: { limits: { memory_mb: 32, cpu_percent: 400 } },
      operations: { 'words.count': { summary: 'Counts words', input: { type: 'string' } } },
      security: { certificate_fingerprint: 'SHA256:0', sandbox_policy: tier },
    };
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(
      join(folder, 'lib', 'extension.mjs'),
      `export const extension = { id: '${id}', state: ${state}, ops: {
        'words.count': { run: (text, ctx) => { ctx.state = { ...ctx.state, n: ctx.state.n + 1 }; return { words: text.split(' ').length, calls: ctx.state.n, version: '${version}' }; } },
        ${asked('monitoring:read') ? readsHeight : ''}
        ${asked('storage:write') ? keeps : ''}
      }${over} };`,
    );
    const out = `${folder}-signed`;
    const signer = extensionSigner(by.keys, by.credentials.current().chain, systemClock);
    await signFolder({ folder, out }, { signer, self: selfOf(by) });
    return out;
  }

  /** Packages on the shelf of the node. */
  onShelf(): readonly string[] {
    const { extensionPackages } = this.directory;
    return existsSync(extensionPackages) ? readdirSync(extensionPackages) : [];
  }

  /** Sets one up for the tests of a file. */
  static forTests(): OperatedNode {
    const node = new OperatedNode();
    beforeAll(async () => {
      node.members = await signingMembers();
      node.friend = selfOf(node.members.friend);
    }, 60_000);
    beforeEach(() => {
      node.directory = dataDirectory(node.fresh('node'));
      node.changes = [];
    });
    afterAll(() => rmSync(node.root, { recursive: true }));
    return node;
  }
}

/** Calls an operation as the operator does. */
export function call(extensions: Extensions, method = 'count', params: unknown = 'to be or not') {
  return extensions.handle({ client: 'operator', method: `words.${method}`, params });
}

/** Every extension with its version and state. */
export async function stateOf(extensions: Extensions): Promise<readonly string[]> {
  return (await extensions.views()).map((each) => `${each.id} ${each.version} ${each.state}`);
}
