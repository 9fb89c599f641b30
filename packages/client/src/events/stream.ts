import { ClientError } from '../errors.ts';

/** One event of a `text/event-stream`. */
export interface StreamEvent {
  /** The id in force: that of this event or of an earlier one. */
  readonly id: string;
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
}

/** Longest event that is taken, UTF-16 units of text. */
const maxEventUnits = 64 * 1024 * 1024;

/** What a body gives its bytes as: a stream of the web, or anything iterable. */
export type Body = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** The pieces of a body, whichever kind it is; stopping early ends the body. */
export async function* piecesOf(body: Body): AsyncGenerator<Uint8Array, void, undefined> {
  if (!('getReader' in body)) return yield* body;
  const reader = body.getReader();
  let isWhole = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        isWhole = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!isWhole) await reader.cancel().catch(() => undefined);
  }
}

/**
 * Reads events as they come (WHATWG HTML, server-sent events): any line ends, comments left out, an unfinished event at the
 * end dropped. `onPiece` hears of every piece of bytes, comments among them. Throws `client/bad-answer` for an event that grows beyond
 * `maxUnits`.
 */
export async function* readEvents(
  body: Body,
  { onPiece, maxUnits = maxEventUnits }: { readonly onPiece?: () => void; readonly maxUnits?: number } = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let endedInCr = false;
  let fields: Fields = { id: '', event: '', data: undefined };
  for await (const piece of piecesOf(body)) {
    onPiece?.();
    const text = decoder.decode(piece, { stream: true });
    if (text === '') continue;
    // A CR ends a line at once; an LF after it is the other half of that end.
    rest += endedInCr && text.startsWith('\n') ? text.slice(1) : text;
    endedInCr = text.endsWith('\r');
    const lines = rest.split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') {
        fields = withLine(fields, line);
        if ((fields.data?.length ?? 0) > maxUnits) throw tooLong(maxUnits);
        continue;
      }
      if (fields.data !== undefined) {
        yield { id: fields.id, event: fields.event === '' ? 'message' : fields.event, data: fields.data };
      }
      fields = { id: fields.id, event: '', data: undefined };
    }
    if (rest.length > maxUnits) throw tooLong(maxUnits);
  }
}

interface Fields {
  readonly id: string;
  readonly event: string;
  readonly data: string | undefined;
}

function withLine(fields: Fields, line: string): Fields {
  const colon = line.indexOf(':');
  const name = colon === -1 ? line : line.slice(0, colon);
  const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
  switch (name) {
    case 'data':
      return { ...fields, data: fields.data === undefined ? value : `${fields.data}\n${value}` };
    case 'event':
      return { ...fields, event: value };
    case 'id':
      return value.includes('\0') ? fields : { ...fields, id: value };
    default:
      return fields;
  }
}

function tooLong(units: number): ClientError {
  const reason = `an event of more than ${units} units`;
  return new ClientError(
    { code: 'client/bad-answer', reason, next: 'see that a node of the same version answers there' },
    `The stream holds ${reason}`,
  );
}
