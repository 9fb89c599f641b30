import type { Counters } from './patterns.ts';

function leb(value: number, isSigned: boolean): string {
  let rest = BigInt(value);
  let text = '';
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === 0n && (!isSigned || low < 0x40);
    text += (isLast ? low : low | 0x80).toString(16).padStart(2, '0');
    if (isLast) return text;
  }
}

/**
 * Bytes that the body of each routine must have, written out once more from the profile's text: `F`, `S` are the
 * counters for fuel and state, `M` a maximum.
 */
export function routineBytes(name: string, counters: Counters, maximum: number): string {
  const fuel = leb(counters.fuel, false);
  const state = leb(counters.state, false);
  const trap = `23${fuel}42005304400 00b`;
  const pay = (scale: string) => `23${fuel}2000ad42${scale}7d24${fuel}${trap}`;
  const note = (bit: string) => `23${state}41${bit}7224${state}`;
  const fits = (size: string) => `${size}ad2000ad7c42${leb(maximum, true)}580440`;
  const text = {
    bytes: () => pay('0388'),
    elements: () => pay('0486'),
    memory: () =>
      `${fits('3f00')}${pay('80c0007e')}2000400022 00417f46 0440${note('08')}000b05${note('01')}417f21000b`,
    table: () => `${fits(`fc10${leb(Number(name.split(' ')[1]), false)}`)}${pay('0486')}05${note('02')}0b`,
  }[name.split('.')[0] as 'bytes' | 'elements' | 'memory' | 'table']();
  return `00${text}20000b`.replaceAll(' ', '');
}
