import { cidOf } from '@hypermesh/core';
import { openStatement, readReceipt } from '@hypermesh/executors';
import type { LeaseTerms } from './lease.ts';
import type { ExecuteAnswer } from './protocol.ts';

/**
 * What is wrong with the answer of an executing node, in words: a statement that is not its own of this lease, an
 * output that its own receipt does not name, or more than was leased. Whether the receipt is true is for a second
 * execution to say. `output` are the bytes that came with the answer, or as content.
 */
export function answerFault(
  answer: ExecuteAnswer,
  output: Uint8Array,
  asked: {
    readonly terms: Pick<LeaseTerms, 'fuel' | 'memoryPages'>;
    readonly lease: string;
    readonly executorKey: Uint8Array;
  },
): string | undefined {
  const { terms, lease, executorKey } = asked;
  const stated = openStatement(answer.statement, executorKey);
  if (!stated.ok) return `its statement does not hold: ${stated.reason}`;
  const { statement } = stated;
  if (statement.context !== lease) return 'its statement is of another lease';
  if (statement.exit !== answer.exit) return 'its statement names another exit';
  if (answer.exit !== 'ok') return undefined;
  const read = readReceipt(answer.receipt);
  if (!read.ok) return `its receipt cannot be read: ${read.reason}`;
  const { receipt } = read;
  if (receipt.output !== cidOf(output, 'raw')) return 'the output is not the one that its receipt names';
  if (receipt.fuel !== answer.fuel) return 'the fuel is not the one that its receipt names';
  if (receipt.fuel > terms.fuel) return 'it took more fuel than was leased';
  if (receipt.memoryPages > terms.memoryPages) return 'it took more memory than was leased';
  return undefined;
}
