/** One thing that a check found wrong: where, and what to do about it. */
export interface Finding {
  /** From the root of the repository. */
  file: string;
  line?: number;
  message: string;
}

/** `file:line: message`, as editors and terminals link it. */
export function formatFinding({ file, line, message }: Finding): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${message}`;
}

/** The line, counted from 1, at an offset of a text. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
