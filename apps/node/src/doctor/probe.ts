import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** What the system says; checks ask nothing else of it, so that a test can let it say anything. */
export interface Probe {
  readonly nodeVersion: string;
  readonly platform: string;
  nowMs(): number;
  readonly uid: number | undefined;
  /** The text of a file of the system, or undefined where there is none. */
  text(path: string): string | undefined;
  isWritable(path: string): boolean;
  /** Free bytes and inodes of a folder's file system. */
  space(path: string): { readonly freeBytes: number; readonly freeInodes: number };
  /** Milliseconds that each of some small durable writes in a folder took. Throws what the disk throws. */
  syncMs(folder: string, times: number): readonly number[];
  /** Addresses of this machine. */
  addresses(): readonly {
    readonly address: string;
    readonly isIpv6: boolean;
    readonly isInternal: boolean;
    readonly isLinkLocal: boolean;
  }[];
  /** Whether a UDP socket can be bound there; the system's words where not. */
  bind(address: string, port: number): Promise<string | undefined>;
  /** Runs a program to its end: its exit code and what it said, or undefined where it is not installed. */
  program(
    name: string,
    argv: readonly string[],
  ): { readonly code: number | null; readonly said: string } | undefined;
  /** Loads the native parts: which of them serves. */
  native(): Promise<{ readonly quic: string | undefined; readonly blake3: string; readonly falcon: string }>;
}

/** The system as it is. */
export const systemProbe: Probe = {
  nodeVersion: process.versions.node,
  platform: process.platform,
  nowMs: () => Date.now(),
  uid: process.getuid?.(),
  text(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // It is not there, or not for us: either way it says nothing.
      return undefined;
    }
  },
  isWritable(path) {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      // That is the answer.
      return false;
    }
  },
  space(path) {
    const { bavail, bsize, ffree } = statfsSync(path);
    return { freeBytes: bavail * bsize, freeInodes: ffree };
  },
  syncMs(folder, times) {
    const path = join(folder, `.doctor-${process.pid}`);
    const file = openSync(path, 'wx', 0o600);
    try {
      return Array.from({ length: times }, () => {
        const startedMs = performance.now();
        writeSync(file, new Uint8Array(4096));
        fsyncSync(file);
        return performance.now() - startedMs;
      });
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  },
  addresses: () =>
    Object.values(networkInterfaces()).flatMap((list = []) =>
      list.map(({ address, family, internal }) => ({
        address,
        isIpv6: family === 'IPv6',
        isInternal: internal,
        isLinkLocal: /^fe[89ab]/i.test(address),
      })),
    ),
  bind(address, port) {
    const isIpv6 = address.includes(':');
    const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6 });
    return new Promise((resolve) => {
      socket.once('error', (error) => {
        socket.close();
        resolve(error.message);
      });
      socket.bind(port, address, () => socket.close(() => resolve(undefined)));
    });
  },
  program(name, argv) {
    const { error, status, stdout, stderr } = spawnSync(name, [...argv], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return { code: status, said: `${stdout}${stderr}`.trim() || (error?.message ?? '') };
  },
  async native() {
    const [{ backend }, { suiteFor }, quic] = await Promise.all([
      import('@hypermesh/core/blake3'),
      import('@hypermesh/trustchain/suite'),
      quicProblem(),
    ]);
    return { quic, blake3: backend, falcon: suiteFor('falcon-1024-r3').info.backend };
  },
};

/** Listens with the QUIC carrier for a moment: what prevents that, in words. */
async function quicProblem(): Promise<string | undefined> {
  const { quicCarrier } = await import('@hypermesh/stoq');
  try {
    const listener = await quicCarrier().listen('quic://[::1]:0');
    await listener.close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
