import { apply } from './apply.ts';
import { drained } from './grants.ts';
import { createHome, type MemoryServer, type MemoryServerOptions, type MemoryServerPorts } from './home.ts';
import { createWindow } from './window.ts';

/**
 * Makes the home of a node's regions. Each request takes effect in one instant between its arrival and its answer, so
 * that reads, page writes and atomics are linearizable over all clients; a request that is sent again is applied once.
 */
export function createMemoryServer(options: MemoryServerOptions, ports: MemoryServerPorts): MemoryServer {
  return createHome(options, ports, { apply, createWindow, drained });
}
