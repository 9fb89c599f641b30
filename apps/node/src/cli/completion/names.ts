import type { Pin } from '../../extensions/decisions.ts';
import type { ExtensionView } from '../../extensions/view.ts';
import type { AssetReport } from '../../inventory/report.ts';
import type { NodeStatus } from '../../status.ts';
import type { NameList } from '../command.ts';

interface ExtensionsAnswer {
  readonly extensions: readonly ExtensionView[];
  readonly pins: readonly Pin[];
}

type Call = <T extends object>(method: string, params?: object) => Promise<T>;

/** What a list asks the running node for, and the names in its answer. */
const lists: Readonly<Record<NameList, (call: Call) => Promise<readonly string[]>>> = {
  async members(call) {
    const { members } = await call<NodeStatus>('status');
    return members.map(({ name }) => name);
  },
  async packages(call) {
    const found = await call<{ packages: readonly { name: string }[] }>('search', { verifiedOnly: false });
    return found.packages.map(({ name }) => name);
  },
  async installed(call) {
    const found = await call<{ packages: readonly { name: string }[] }>('list');
    return found.packages.map(({ name }) => name);
  },
  async assets(call) {
    const { own, ledger } = await call<{ own: readonly AssetReport[]; ledger: readonly AssetReport[] }>(
      'assets',
    );
    return [...own.map(({ kind }) => kind), ...ledger.map(({ id }) => id)];
  },
  async extensions(call) {
    const { extensions } = await call<ExtensionsAnswer>('extensions');
    return extensions.map(({ id }) => id);
  },
  async operations(call) {
    const { extensions } = await call<ExtensionsAnswer>('extensions');
    return extensions.flatMap(({ operations }) => operations.map(({ name }) => name));
  },
  async signers(call) {
    const { pins } = await call<ExtensionsAnswer>('extensions');
    return pins.map(({ signer }) => signer);
  },
  async regions(call) {
    const { regions, usable } = await call<{
      regions: readonly { address: string }[];
      usable: readonly { address: string }[];
    }>('memory-list');
    return [...regions, ...usable].map(({ address }) => address);
  },
  async grants(call) {
    const { grants } = await call<{ grants: readonly { grant: string; isRevoked: boolean }[] }>(
      'memory-list',
    );
    return grants.filter(({ isRevoked }) => !isRevoked).map(({ grant }) => grant);
  },
  async leases(call) {
    const { holds } = await call<{ holds: readonly { id: string }[] }>('wallet');
    return holds.map(({ id }) => id);
  },
};

/** The names of one list, once each: those alone that a shell may put on a command line as they stand. */
export async function namesOf(list: NameList, call: Call): Promise<readonly string[]> {
  const names = await lists[list](call);
  return [...new Set(names)].filter((name) => /^[A-Za-z0-9@][A-Za-z0-9@._:/+-]*$/.test(name)).sort();
}
