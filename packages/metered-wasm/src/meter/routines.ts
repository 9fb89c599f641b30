import { Writer } from '../binary/writer.ts';
import { BYTES_PER_FUEL_SHIFT, ELEMENT_FUEL_SHIFT, PAGE_FUEL, STATE } from '../profile.ts';
import type { Layout } from './layout.ts';

/** Traps where the fuel counter fell below zero. */
function trapWhenEmpty(out: Writer, layout: Layout): void {
  out.byte(0x23).u32(layout.fuel); // global.get fuel
  out.raw(0x42, 0x00, 0x53, 0x04, 0x40, 0x00, 0x0b); // i64.const 0, i64.lt_s, if, unreachable, end
}

/** fuel = fuel - (the i32 parameter, unsigned, put through `scale`). */
function spendParameter(out: Writer, layout: Layout, scale: (out: Writer) => void): void {
  out.byte(0x23).u32(layout.fuel);
  out.raw(0x20, 0x00, 0xad); // local.get 0, i64.extend_i32_u
  scale(out);
  out.raw(0x7d, 0x24).u32(layout.fuel); // i64.sub, global.set fuel
  trapWhenEmpty(out, layout);
}

function setState(out: Writer, layout: Layout, bit: number): void {
  out.byte(0x23).u32(layout.state).byte(0x41).signed(bit).byte(0x72); // i32.or
  out.byte(0x24).u32(layout.state);
}

/** if (size + parameter <= max), all unsigned in 64 bits. */
function ifFits(out: Writer, size: (out: Writer) => void, max: number): void {
  size(out);
  out.raw(0xad, 0x20, 0x00, 0xad, 0x7c); // extend, local.get 0, extend, i64.add
  out.byte(0x42).signed(max).raw(0x58, 0x04, 0x40); // i64.le_u, if
}

/**
 * Body of a routine, with its (empty) locals. Each takes the length that the following instruction is about to use,
 * pays for it and gives it back; growing the memory is done inside, so that a growth beyond the maximum costs nothing
 * and one that the host cannot serve ends the run instead of showing the guest a different answer.
 */
export function routineBody(layout: Layout, name: string): Writer {
  const out = new Writer(64).byte(0x00);
  if (name === 'bytes') {
    spendParameter(out, layout, (w) => w.byte(0x42).signed(BYTES_PER_FUEL_SHIFT).byte(0x88)); // i64.shr_u
  } else if (name === 'elements') {
    spendParameter(out, layout, (w) => w.byte(0x42).signed(ELEMENT_FUEL_SHIFT).byte(0x86)); // i64.shl
  } else if (name === 'memory.grow') {
    ifFits(out, (w) => w.raw(0x3f, 0x00), layout.memoryMax);
    spendParameter(out, layout, (w) => w.byte(0x42).signed(PAGE_FUEL).byte(0x7e)); // i64.mul
    // local.get 0, memory.grow, local.tee 0, i32.const -1, i32.eq, if
    out.raw(0x20, 0x00, 0x40, 0x00, 0x22, 0x00, 0x41, 0x7f, 0x46, 0x04, 0x40);
    setState(out, layout, STATE.hostMemoryExhausted);
    out.raw(0x00, 0x0b, 0x05); // unreachable, end, else
    setState(out, layout, STATE.memoryRefused);
    out.raw(0x41, 0x7f, 0x21, 0x00, 0x0b); // i32.const -1, local.set 0, end
  } else {
    const table = Number(name.slice('table.grow '.length));
    ifFits(out, (w) => w.raw(0xfc, 0x10).u32(table), layout.tableMax[table] as number);
    spendParameter(out, layout, (w) => w.byte(0x42).signed(ELEMENT_FUEL_SHIFT).byte(0x86));
    out.byte(0x05);
    setState(out, layout, STATE.tableRefused);
    out.byte(0x0b);
  }
  return out.raw(0x20, 0x00, 0x0b); // local.get 0, end
}
