import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { quic } from '@chainsafe/libp2p-quic';
import type { ContentRoot } from '@hypermesh/core';
import { createStoq, generatePinnedKey, type PinnedKey, pinnedKeys, type StoqNode } from '@hypermesh/stoq';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';

/** This process's two nodes and the addresses of the other process's. */
export interface Setup extends AsyncDisposable {
  readonly node: StoqNode;
  readonly libp2p: Libp2p;
  readonly stoqAddress: string;
  readonly libp2pAddress: Multiaddr;
  readonly root: ContentRoot;
}

/** Starts the providing process with `size` bytes of content and opens both kinds of node here. */
export async function twoProcesses(size: number): Promise<Setup> {
  const [self, other] = [generatePinnedKey(), generatePinnedKey()];
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const program = fileURLToPath(new URL('./programs/provider.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@hypermesh/source', program, hex(other.secretKey), hex(self.publicKey), String(size)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const [line] = await once(child.stdout, 'data');
  const { stoq, libp2p: addresses, root } = JSON.parse(String(line));
  const node = await createStoq({ auth: authOf(self, other) });
  const libp2p = await createLibp2p({ transports: [quic()] });
  return {
    node,
    libp2p,
    stoqAddress: stoq,
    libp2pAddress: multiaddr(addresses[0]),
    root,
    async [Symbol.asyncDispose]() {
      await node.close();
      await libp2p.stop();
      child.stdin.end();
      await exited;
    },
  };
}

const authOf = (self: PinnedKey, other: PinnedKey) => pinnedKeys({ self, allow: [other.publicKey] });
