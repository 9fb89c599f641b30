import { createHash } from 'node:crypto';
import { createReadStream, type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pageHeaders } from './headers.ts';

/** The files of the dashboard, read from one folder. */
export interface Pages {
  /** Answers a path with its file or, for paths of pages, with the one page; false where there is nothing. */
  serve(request: IncomingMessage, response: ServerResponse, pathname: string): boolean;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
};

interface File {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly etag: string;
  readonly isHashed: boolean;
}

/** Below this folder names carry a hash of what is in the file: it never changes. */
const hashedFolder = '/files/';
const year = 31_536_000;

/**
 * Serves the files that a folder holds now, and no others: what a path asks for is looked up among their names, so that none can lead elsewhere.
 * Links are left out. Undefined where the folder holds no pages.
 */
export function openPages(folder: string): Pages | undefined {
  const files = new Map<string, File>();
  try {
    collect(folder, '', files);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const index = files.get('/index.html');
  if (index === undefined) return undefined;
  return {
    serve(request, response, pathname) {
      const file = files.get(pathname) ?? (isPage(request, pathname) ? index : undefined);
      if (file === undefined) return false;
      send(request, response, file);
      return true;
    },
  };
}

/** Whether a page is meant: by a browser that wants HTML, or by a path that looks like no file. */
const isPage = ({ headers }: IncomingMessage, pathname: string): boolean =>
  !pathname.startsWith(hashedFolder) &&
  ((headers.accept ?? '').includes('text/html') || !/\.[a-z0-9]{1,11}$/i.test(pathname));

function collect(folder: string, under: string, files: Map<string, File>): void {
  for (const entry of readdirSync(join(folder, under), { withFileTypes: true }) as Dirent[]) {
    const name = `${under}/${entry.name}`;
    if (entry.isDirectory()) collect(folder, name, files);
    const type = types[entry.name.split('.').at(-1) ?? ''];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(folder, name);
    const digest = createHash('sha256').update(readFileSync(path)).digest('base64url').slice(0, 22);
    files.set(name, {
      path,
      type,
      size: statSync(path).size,
      etag: `"${digest}"`,
      isHashed: name.startsWith(hashedFolder),
    });
  }
}

function send(request: IncomingMessage, response: ServerResponse, file: File): void {
  const headers = {
    ...pageHeaders,
    etag: file.etag,
    'cache-control': file.isHashed ? `public, max-age=${year}, immutable` : 'no-cache',
  };
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(file.etag) === true || known?.includes('*') === true) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': file.type, 'content-length': file.size });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const stream = createReadStream(file.path, { end: Math.max(0, file.size - 1) });
  stream.once('error', () => response.destroy());
  response.once('close', () => stream.destroy());
  stream.pipe(response);
}
