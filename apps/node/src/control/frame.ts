/** Longest line of the control socket, in bytes: results are small, content never travels here. */
export const maxLineBytes: number = 4 * 1024 * 1024;

/** Cuts a byte stream into lines of text; answers false once a line grows beyond `maxLineBytes`. */
export function createLineReader(onLine: (line: string) => void): (chunk: Buffer) => boolean {
  let parts: Buffer[] = [];
  let length = 0;
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      start = end + 1;
      onLine(line);
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      length += chunk.length - start;
    }
    return length <= maxLineBytes;
  };
}
