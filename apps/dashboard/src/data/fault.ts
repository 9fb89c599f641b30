/** Something that went wrong, in the words of the node: what, and what to do next. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
  /** HTTP status, where a server answered. */
  readonly status?: number;
}

/** A thrown value as a fault. The client's errors carry `code` and `failure`; anything else is a defect of the pages. */
export function faultOf(error: unknown): Fault {
  if (!isRecord(error)) return { code: 'pages/unknown', message: String(error) };
  const failure = isRecord(error['failure']) ? error['failure'] : error;
  const code = textIn(failure, 'code') ?? textIn(error, 'code') ?? 'pages/unknown';
  const next = textIn(failure, 'next') ?? textIn(error, 'next');
  const status = error['status'] ?? failure['status'];
  return {
    code,
    message: textIn(error, 'message') ?? textIn(failure, 'message') ?? code,
    ...(next === undefined ? {} : { next }),
    ...(typeof status === 'number' ? { status } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function textIn(value: Record<string, unknown>, name: string): string | undefined {
  const found = value[name];
  return typeof found === 'string' && found !== '' ? found : undefined;
}
