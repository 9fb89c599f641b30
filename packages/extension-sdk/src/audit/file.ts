import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Log, silentLog, toHex } from '@hypermesh/core';
import {
  type AuditBase,
  type AuditHead,
  baseHash,
  type ChainPlace,
  chainStart,
  headHash,
  readBase,
  verifyAudit,
} from './chain.ts';
import type { AuditEntry, AuditLog } from './entry.ts';
import { ChainedAudit } from './log.ts';

const SIGN_AFTER_RECORDS = 64;
const SIGN_AFTER_MS = 1_000;

/** Signs heads and bases and checks its own signatures; synchronous, such as Ed25519. */
export interface AuditSigner {
  sign(message: Uint8Array): Uint8Array;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** How much of a log stays on disk. */
export interface AuditBounds {
  /** A file that is longer is ended at its next signature, bytes. */
  readonly fileBytes: number;
  /** Files that stay, the open one among them. */
  readonly files: number;
}

const defaultBounds: AuditBounds = { fileBytes: 2 * 2 ** 20, files: 4 };

/**
 * A log in a folder: `audit.jsonl`, what came before it in `audit-SEQ.jsonl` by the first record of each, the signed head
 * `audit.head.json`, and, once files were dropped, the signed `audit.base.json` that says after which record the rest begins. Only
 * one process may hold it.
 */
export interface FileAudit extends AuditLog, AsyncDisposable {
  /** What was found at opening: the log of before was what was written, or was set aside under this name. */
  readonly setAside?: { readonly file: string; readonly fault: string };
  /** Signs the head of what is written and puts both on disk. */
  flush(): void;
}

/** What a folder's log is, for whoever checks it; reads only. A last line that a crash cut off is not looked at. */
export function verifyAuditFolder(
  directory: string,
  signer: Pick<AuditSigner, 'verify'>,
): ReturnType<typeof verifyAudit> {
  const { file, head, base } = pathsIn(directory);
  const start = existsSync(base) ? readBase(readFileSync(base, 'utf8'), signer.verify) : chainStart;
  if (start === undefined) return { ok: false, reason: { fault: 'base-forged', line: 0 } };
  // A file that a crash left behind after its base was signed is as good as dropped.
  const ended = endedIn(directory).filter(({ first }) => first > start.seq);
  const text = [...ended.map(({ path }) => readFileSync(path, 'utf8')), wholeLines(file)].join('');
  return verifyAudit(text, existsSync(head) ? readFileSync(head, 'utf8') : undefined, signer.verify, start);
}

function wholeLines(file: string): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

function pathsIn(directory: string) {
  return {
    file: join(directory, 'audit.jsonl'),
    head: join(directory, 'audit.head.json'),
    base: join(directory, 'audit.base.json'),
  };
}

/** Files that were ended, oldest first, by the number of their first record. */
function endedIn(directory: string): { readonly first: number; readonly path: string }[] {
  return readdirSync(directory)
    .flatMap((name) => {
      const first = /^audit-(\d{1,15})\.jsonl$/.exec(name)?.[1];
      return first === undefined ? [] : [{ first: Number(first), path: join(directory, name) }];
    })
    .sort((a, b) => a.first - b.first);
}

/** Puts every file of a log under names that none of a log has; answers that of the newest one. */
function putAside(directory: string, name: string): string {
  const { file, head, base } = pathsIn(directory);
  for (const { first, path } of endedIn(directory))
    renameSync(path, join(directory, `${name}.${first}.jsonl`));
  for (const [path, end] of [
    [file, 'jsonl'],
    [head, 'head.json'],
    [base, 'base.json'],
  ] as const)
    if (existsSync(path)) renameSync(path, join(directory, `${name}.${end}`));
  return join(directory, `${name}.jsonl`);
}

/**
 * Opens the log of a folder and goes on where it ended. A log that was tampered with is not gone over: it is set aside
 * as it is, under another name, and a new one begins with a record that says so.
 */
export function openAuditLog(
  directory: string,
  parts: {
    readonly signer: AuditSigner;
    readonly clock: Clock;
    readonly log?: Log;
    readonly bounds?: AuditBounds;
  },
): FileAudit {
  const { signer, clock, log = silentLog, bounds = defaultBounds } = parts;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { file, head, base } = pathsIn(directory);
  const found = verifyAuditFolder(directory, signer);
  let setAside: FileAudit['setAside'];
  if (!found.ok) {
    const { fault, line } = found.reason;
    const aside = putAside(directory, `audit.${clock.nowMs()}.${fault}`);
    setAside = { file: aside, fault: `${fault} at line ${line}` };
  }
  const last = found.ok ? found.records.at(-1) : undefined;
  const text = wholeLines(file);
  if (existsSync(file)) truncateSync(file, Buffer.byteLength(text));
  let descriptor = openSync(file, 'a', 0o600);
  let bytes = Buffer.byteLength(text);
  // The chain goes on behind what was dropped, also where nothing is left of the rest.
  const place: ChainPlace =
    last ??
    (found.ok && existsSync(base) ? readBase(readFileSync(base, 'utf8'), signer.verify) : undefined) ??
    chainStart;
  let first = Number(/^\{"seq":(\d{1,15}),/.exec(text)?.[1] ?? place.seq + 1);
  let unsigned = 0;
  let cancel: (() => void) | undefined;
  let broken = false;
  const audit = new ChainedAudit(
    clock,
    {
      write(line) {
        if (broken) return;
        try {
          bytes += writeSync(descriptor, `${line}\n`);
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
    place,
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
      replace(head, signed);
      if (bytes >= bounds.fileBytes) endFile();
    } catch (error) {
      broken = true;
      log.error('audit.write-failed', { message: error instanceof Error ? error.message : String(error) });
    }
  }

  function endFile(): void {
    closeSync(descriptor);
    renameSync(file, join(directory, `audit-${first}.jsonl`));
    descriptor = openSync(file, 'a', 0o600);
    bytes = 0;
    first = audit.last.seq + 1;
    const ended = endedIn(directory);
    for (const [at, { path }] of ended.slice(0, Math.max(0, ended.length - bounds.files + 1)).entries()) {
      // First what the rest begins after, then the file: a crash in between leaves a file that is not looked at.
      const seq = (ended[at + 1]?.first ?? first) - 1;
      const hash = /"hash":"([0-9a-f]{64})"\}\n$/.exec(readFileSync(path, 'utf8').slice(-128))?.[1];
      if (hash === undefined) throw new Error(`${path} does not end with a record`);
      replace(base, { v: 1, seq, hash, signature: toHex(signer.sign(baseHash({ seq, hash }))) });
      rmSync(path);
    }
  }

  function replace(path: string, signed: AuditHead | AuditBase): void {
    writeFileSync(`${path}.new`, `${JSON.stringify(signed)}\n`, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
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
