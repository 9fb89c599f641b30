import { cidOf } from '@hypermesh/core';
import { decodeReceipt } from '@hypermesh/metered-wasm';
import type { LeaseTerms } from './lease.ts';
import type { ExecuteAnswer } from './protocol.ts';

/**
 * What is wrong with the answer of an executing node, in words: an output that its own receipt does not name, or more
 * than was leased. Whether the receipt is true is for a second execution to say.
 */
export function answerFault(
  answer: ExecuteAnswer,
  terms: Pick<LeaseTerms, 'fuel' | 'memoryPages'>,
): string | undefined {
  if (answer.exit !== 'ok') return undefined;
  const receipt = decodeReceipt(answer.receipt);
  if (!receipt.ok) return `its receipt cannot be read: ${receipt.reason}`;
  const { output, fuel, memoryPages } = receipt.value;
  if (output !== cidOf(answer.output, 'raw')) return 'the output is not the one that its receipt names';
  if (fuel !== answer.fuel) return 'the fuel is not the one that its receipt names';
  if (fuel > terms.fuel) return 'it took more fuel than was leased';
  if (memoryPages > terms.memoryPages) return 'it took more memory than was leased';
  return undefined;
}
