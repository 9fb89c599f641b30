import { AssetsError } from '../errors.ts';
import type { Journal } from '../ports.ts';
import { type Change, encodeChanges } from './change.ts';

/** Writes changes in order, many at a time when they come fast. */
export interface ChangeWriter {
  /** Resolves when these changes, and all before, are durable. Rejects with `assets/journal-failed` from the first failure on. */
  write(changes: readonly Change[]): Promise<void>;
  /** Throws when nothing can be written any more. */
  check(): void;
  /** Resolves when everything is durable. */
  settled(): Promise<void>;
}

/** A journal this large is worth rewriting, once it has also grown fourfold. */
const rewriteBytes = 4 << 20;

/** A writer into a journal; `snapshot` is the fewest changes that lead to what is now in memory. */
export function createChangeWriter(journal: Journal, snapshot: () => readonly Change[]): ChangeWriter {
  let waiting: Change[] = [];
  let flushing: Promise<void> | undefined;
  let failure: AssetsError | undefined;
  let sizeAtRewrite = journal.sizeBytes;

  async function flush(): Promise<void> {
    // What is asked for in one turn of the event loop goes into one record.
    await Promise.resolve();
    const changes = waiting;
    waiting = [];
    flushing = undefined;
    try {
      if (journal.sizeBytes > rewriteBytes && journal.sizeBytes > 4 * sizeAtRewrite) {
        // Memory holds these changes already: they become durable with the whole.
        await journal.replace(encodeChanges(snapshot()));
        sizeAtRewrite = journal.sizeBytes;
      } else await journal.append(encodeChanges(changes));
    } catch (error) {
      failure ??= new AssetsError(
        { code: 'assets/journal-failed', detail: String(error) },
        'What happens to assets can no longer be written down: nothing is granted until the program is restarted',
        { cause: error },
      );
    }
    if (failure !== undefined) throw failure;
  }

  let last: Promise<void> = Promise.resolve();
  return {
    write(changes) {
      if (changes.length === 0) return last;
      waiting.push(...changes);
      if (flushing === undefined) {
        flushing = last.then(flush);
        last = flushing;
        last.catch(() => undefined);
      }
      return flushing;
    },
    check() {
      if (failure !== undefined) throw failure;
    },
    settled: () => last,
  };
}
