import { cidOf, compareBytes, sha256 } from '@hypermesh/core';
import { openStatement, type ReceiptFacts, readReceipt } from '@hypermesh/executors';
import { MAX_MEMORY_PAGES } from '@hypermesh/metered-wasm/quickjs';
import type { LeaseTerms } from './lease.ts';
import type { ExecuteAnswer } from './protocol.ts';

/** What was leased, as far as a receipt tells of it. */
type RunTerms = Pick<LeaseTerms, 'fuel' | 'memoryPages' | 'clockMs' | 'randomSeed'>;

/**
 * What is wrong with the answer of an executing node, in words: a statement that is not its own of this lease and
 * this answer, an output that its own receipt does not name, more than was leased, or a program that had another clock,
 * another seed or less memory: a second execution takes these from the receipt. Whether the receipt is true is for a second
 * execution to say. `output` are the bytes that came with the answer, or as content.
 */
export function answerFault(
  answer: ExecuteAnswer,
  output: Uint8Array,
  asked: {
    readonly terms: RunTerms;
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
  if (answer.fuel > terms.fuel) return 'it took more fuel than was leased';
  if (statement.isFuelExact && statement.fuel !== answer.fuel) return 'its statement names other fuel';
  if (answer.exit !== 'ok') return undefined;
  const read = readReceipt(answer.receipt);
  if (!read.ok) return `its receipt cannot be read: ${read.reason}`;
  const { receipt } = read;
  if (receipt.output !== cidOf(output, 'raw')) return 'the output is not the one that its receipt names';
  if (receipt.fuel !== answer.fuel) return 'the fuel is not the one that its receipt names';
  if (receipt.memoryPages > terms.memoryPages) return 'it took more memory than was leased';
  if (receipt.memoryPages !== answer.memoryPages) return 'the memory is not the one that its receipt names';
  const isStated =
    statement.type === receipt.type &&
    areSame(statement.receipt, answer.receipt) &&
    areSame(statement.output, sha256(output));
  if (!isStated) return 'its statement is of another result';
  return conditionsFault(receipt, terms);
}

function conditionsFault(receipt: ReceiptFacts, terms: RunTerms): string | undefined {
  if (receipt.clockMs !== terms.clockMs) return 'the program had another clock than was leased';
  if (!areSame(receipt.randomSeed, terms.randomSeed)) return 'the program had another seed than was leased';
  const { memoryLimitPages: given } = receipt;
  if (given !== undefined && given !== Math.min(terms.memoryPages, MAX_MEMORY_PAGES)) {
    return 'the program was given other memory than was leased';
  }
  return undefined;
}

function areSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : compareBytes(a, b) === 0;
}
