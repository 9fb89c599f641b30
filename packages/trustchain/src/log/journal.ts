import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncFolder } from '../disk/atomic-file.ts';
import { storageFailed } from '../errors.ts';

/** Longest entry: what a length of two bytes in an entry bundle of C2SP tiles can say. */
export const ENTRY_MAX_BYTES = 65535;

/** Most that one batch writes: what a crash may leave torn. */
export const BATCH_MAX_BYTES: number = 4 << 20;

/** What a record of the journal holds. */
export const RECORD = { identity: 0x48, entry: 0x45, checkpoint: 0x43 } as const;

/** The kinds of record. */
export type RecordKind = (typeof RECORD)[keyof typeof RECORD];

/** One record: `kind ‖ u32be length ‖ u32be CRC-32 of kind, length and data ‖ data`. */
export interface JournalRecord {
  readonly kind: RecordKind;
  readonly data: Uint8Array;
  /** Where in the file the record and its data begin and where it ends. */
  readonly start: number;
  readonly dataStart: number;
  readonly end: number;
}

const HEADER_BYTES = 9;
const READ_BYTES = 256 << 10;
const KINDS: readonly number[] = Object.values(RECORD);

/** The bytes of a record. */
export function encodeRecordBytes(kind: RecordKind, data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(HEADER_BYTES + data.length);
  record[0] = kind;
  record.writeUInt32BE(data.length, 1);
  record.set(data, HEADER_BYTES);
  record.writeUInt32BE(crc32(data, crc32(record.subarray(0, 5))), 5);
  return record;
}

/** The record at an offset of some bytes; 'more' when they end before it does, undefined when there is none. */
export function recordAt(bytes: Buffer, at: number, position: number): JournalRecord | 'more' | undefined {
  if (bytes.length - at < HEADER_BYTES) return 'more';
  const kind = bytes[at] as number;
  const length = bytes.readUInt32BE(at + 1);
  if (!KINDS.includes(kind) || length > ENTRY_MAX_BYTES) return undefined;
  const end = at + HEADER_BYTES + length;
  if (end > bytes.length) return 'more';
  const data = bytes.subarray(at + HEADER_BYTES, end);
  if (crc32(data, crc32(bytes.subarray(at, at + 5))) !== bytes.readUInt32BE(at + 5)) return undefined;
  return {
    kind: kind as RecordKind,
    data: new Uint8Array(data),
    start: position,
    dataStart: position + HEADER_BYTES,
    end: position + HEADER_BYTES + length,
  };
}

/** An append-only file of records. Knows nothing of trees; one writer. */
export interface Journal {
  /** Every record from the start, up to the end or the first bytes that are none. */
  records(): AsyncGenerator<JournalRecord>;
  /** What lies behind `position`: the torn end of a write, normally empty; at most twice a batch is read. */
  rest(position: number): Promise<Buffer>;
  /** Cuts the file off at `position`; the next append goes there. */
  truncate(position: number): Promise<void>;
  /** Writes records at the end and waits until the disk has them; answers where the first begins. */
  append(records: Uint8Array): Promise<number>;
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens or makes a journal. */
export async function openJournal(path: string): Promise<Journal> {
  const file = await guarded('open the journal', () => open(path, 'a+', 0o644).then(reopen(path)));
  await guarded('make the journal durable', () => syncFolder(dirname(path)));
  let end = (await file.stat()).size;
  return {
    async *records() {
      let held = Buffer.alloc(0);
      let position = 0;
      for (let offset = 0; offset < end; ) {
        const chunk = Buffer.alloc(Math.min(READ_BYTES, end - offset));
        const { bytesRead } = await guarded('read the journal', () =>
          file.read(chunk, 0, chunk.length, offset),
        );
        if (bytesRead === 0) return;
        offset += bytesRead;
        held = Buffer.concat([held, chunk.subarray(0, bytesRead)]);
        let at = 0;
        for (;;) {
          const record = recordAt(held, at, position);
          if (record === undefined) return;
          if (record === 'more') break;
          yield record;
          at += record.end - position;
          position = record.end;
        }
        held = held.subarray(at);
      }
    },
    async rest(position) {
      const bytes = Buffer.alloc(Math.min(end - position, 2 * BATCH_MAX_BYTES));
      await guarded('read the journal', () => file.read(bytes, 0, bytes.length, position));
      return bytes;
    },
    async truncate(position) {
      await guarded('cut the journal', async () => {
        await file.truncate(position);
        await file.sync();
      });
      end = position;
    },
    async append(records) {
      const start = end;
      await guarded('append to the journal', async () => {
        for (let written = 0; written < records.length; ) {
          const { bytesWritten } = await file.write(
            records,
            written,
            records.length - written,
            start + written,
          );
          written += bytesWritten;
        }
        await file.datasync();
      });
      end = start + records.length;
      return start;
    },
    async read(position, length) {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await guarded('read the journal', () => file.read(bytes, 0, length, position));
      if (bytesRead !== length) throw storageFailed('read the journal', new Error('the file ends too early'));
      return bytes;
    },
    close: () => file.close(),
  };
}

/** Appending mode ignores positions on Linux, so it only makes the file; the handle in use can write anywhere. */
const reopen = (path: string) => async (made: FileHandle) => {
  await made.close();
  return open(path, 'r+');
};

async function guarded<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storageFailed(operation, cause);
  }
}
