import { Malformed } from './malformed.ts';

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/**
 * RFC 5280 §4.1.2.5: `YYMMDDHHMMSSZ` through 2049, `YYYYMMDDHHMMSSZ` from 2050 on; seconds always, no fraction, no
 * offset. Answers Unix milliseconds.
 */
export function readTime(tag: number, content: Uint8Array, what: string): number {
  const wide = tag === GENERALIZED_TIME;
  if (!wide && tag !== UTC_TIME) throw new Malformed('der-tag', `${what}: not a time`);
  if (content.length !== (wide ? 15 : 13) || content[content.length - 1] !== 0x5a) {
    throw new Malformed('bad-time', `${what}: not in the form ${wide ? 'YYYYMMDDHHMMSSZ' : 'YYMMDDHHMMSSZ'}`);
  }
  const pair = (at: number): number => {
    const tens = (content[at] as number) - 0x30;
    const ones = (content[at + 1] as number) - 0x30;
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new Malformed('bad-time', `${what}: not a digit`);
    return tens * 10 + ones;
  };
  let at = 2;
  let year = pair(0);
  if (wide) {
    year = year * 100 + pair(2);
    at = 4;
    if (year < 2050) throw new Malformed('bad-time', `${what}: years before 2050 are written in two digits`);
  } else {
    year += year < 50 ? 2000 : 1900;
  }
  const month = pair(at);
  const day = pair(at + 2);
  const hour = pair(at + 4);
  const minute = pair(at + 6);
  const second = pair(at + 8);
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(ms);
  if (
    back.getUTCMonth() !== month - 1 ||
    back.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  ) {
    throw new Malformed('bad-time', `${what}: no such moment`);
  }
  return ms;
}

/** The content and tag of a time as RFC 5280 wants it written; `ms` is cut to whole seconds. */
export function writeTime(ms: number): { readonly tag: number; readonly text: string } {
  const moment = new Date(ms);
  const digits = moment
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return moment.getUTCFullYear() < 2050
    ? { tag: UTC_TIME, text: digits.slice(2) }
    : { tag: GENERALIZED_TIME, text: digits };
}
