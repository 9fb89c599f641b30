import { NodeError } from '../errors.ts';
import type { MemoryClaims } from './ports.ts';

/** Claims against a plain bound of bytes. */
export function plainMemoryClaims(maxBytes: number): MemoryClaims {
  let claimed = 0;
  return {
    async claim(bytes) {
      if (claimed + bytes > maxBytes) {
        throw new NodeError(
          {
            code: 'node/refused',
            by: 'memory',
            reason: `lends ${maxBytes} bytes at most, ${claimed} of them are lent`,
            next: 'lend less, or raise memory.max_bytes in hypermesh.toml',
          },
          `This node cannot lend ${bytes} bytes more`,
        );
      }
      claimed += bytes;
      let isHeld = true;
      return {
        async release() {
          if (isHeld) claimed -= bytes;
          isHeld = false;
        },
      };
    },
  };
}
