import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Log, silentLog, toHex } from '@hypermesh/core';
import { type AuditHead, firstHash, headHash, verifyAudit } from './chain.ts';
import type { AuditEntry, AuditLog } from './entry.ts';
import { ChainedAudit } from './log.ts';

const SIGN_AFTER_RECORDS = 64;
const SIGN_AFTER_MS = 1_000;

/** Signs heads and checks its own signatures; synchronous, such as Ed25519. */
export interface AuditSigner {
  sign(message: Uint8Array): Uint8Array;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** A log in a folder: `audit.jsonl` and the signed head `audit.head.json`. Only one process may hold it. */
export interface FileAudit extends AuditLog, AsyncDisposable {
  /** What was found at opening: the log of before was what was written, or was set aside under this name. */
  readonly setAside?: { readonly file: string; readonly fault: string };
  /** Signs the head of what is written and puts both on disk. */
  flush(): void;
}

/** What a folder's log is, for whoever checks it; reads only. A last line that a crash cut off is not looked at. */
export function verifyAuditFolder(directory: string, signer: Pick<AuditSigner, 'verify'>) {
  const { file, head } = pathsIn(directory);
  return verifyAudit(
    wholeLines(file),
    existsSync(head) ? readFileSync(head, 'utf8') : undefined,
    signer.verify,
  );
}

function wholeLines(file: string): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

function pathsIn(directory: string) {
  return { file: join(directory, 'audit.jsonl'), head: join(directory, 'audit.head.json') };
}

/**
 * Opens the log of a folder and goes on where it ended. A log that was tampered with is not gone over: it is set aside
 * as it is, under another name, and a new one begins with a record that says so.
 */
export function openAuditLog(
  directory: string,
  parts: { readonly signer: AuditSigner; readonly clock: Clock; readonly log?: Log },
): FileAudit {
  const { signer, clock, log = silentLog } = parts;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { file, head } = pathsIn(directory);
  const found = verifyAuditFolder(directory, signer);
  let setAside: FileAudit['setAside'];
  if (!found.ok) {
    const name = `audit.${clock.nowMs()}.${found.reason.fault}`;
    if (existsSync(file)) renameSync(file, join(directory, `${name}.jsonl`));
    if (existsSync(head)) renameSync(head, join(directory, `${name}.head.json`));
    setAside = {
      file: join(directory, `${name}.jsonl`),
      fault: `${found.reason.fault} at line ${found.reason.line}`,
    };
  }
  const last = found.ok ? found.records.at(-1) : undefined;
  if (existsSync(file)) truncateSync(file, Buffer.byteLength(wholeLines(file)));
  const descriptor = openSync(file, 'a', 0o600);
  let unsigned = 0;
  let cancel: (() => void) | undefined;
  let broken = false;
  const audit = new ChainedAudit(
    clock,
    {
      write(line) {
        if (broken) return;
        try {
          writeSync(descriptor, `${line}\n`);
        } catch (error) {
          broken = true;
          log.error('audit.write-failed', {
            message: error instanceof Error ? error.message : String(error),
          });
          return;
        }
        unsigned++;
        if (unsigned >= SIGN_AFTER_RECORDS) queueMicrotask(flush);
        else cancel ??= clock.schedule(SIGN_AFTER_MS, flush);
      },
    },
    last === undefined ? { seq: 0, hash: firstHash } : { seq: last.seq, hash: last.hash },
  );

  function flush(): void {
    cancel?.();
    cancel = undefined;
    if (broken || unsigned === 0) return;
    unsigned = 0;
    const { seq, hash } = audit.last;
    const signed: AuditHead = { v: 1, seq, hash, signature: toHex(signer.sign(headHash(seq, hash))) };
    try {
      fsyncSync(descriptor);
      writeFileSync(`${head}.new`, `${JSON.stringify(signed)}\n`, { mode: 0o600, flush: true });
      renameSync(`${head}.new`, head);
    } catch (error) {
      broken = true;
      log.error('audit.write-failed', { message: error instanceof Error ? error.message : String(error) });
    }
  }

  if (setAside !== undefined) {
    log.error('audit.tampered', setAside);
    audit.append({ event: 'audit.tampered', extension: '', detail: setAside });
  }
  return {
    ...(setAside === undefined ? {} : { setAside }),
    append: (entry: AuditEntry) => audit.append(entry),
    flush,
    async [Symbol.asyncDispose]() {
      flush();
      broken = true;
      closeSync(descriptor);
    },
  };
}
