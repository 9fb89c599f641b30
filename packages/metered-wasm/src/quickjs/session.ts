import { cidOf } from '@hypermesh/core';
import { codeCid } from './code.ts';
import type { CallMessage, OpenMessage, ScriptReason, StepOutcome } from './protocol.ts';
import { EngineAbort } from './surroundings.ts';
import { Stopped } from './values.ts';
import { type Packed, type Taken, Vm } from './vm.ts';

const LOG_LINES = 256;
const LOG_BYTES = 65_536;

/** One program in a worker: opened once, called as often as it stands. Never throws for what the program does. */
export class Session {
  readonly #callHost: (name: string, value: Packed) => Packed | undefined;
  #vm: Vm | undefined;
  #lines: string[] = [];
  #logBytes = 0;

  constructor(callHost: (name: string, value: Packed) => Packed | undefined) {
    this.#callHost = callHost;
  }

  open({ engine, files, entry, fuel, memoryPages, clockMs, randomSeed }: OpenMessage): StepOutcome {
    const code = codeCid(files);
    const outcome = this.#step(fuel, 0, () => {
      const vm = new Vm(engine, fuel, {
        files,
        memoryPages,
        clockMs,
        randomSeed,
        log: (line) => this.#log(line),
        callHost: this.#callHost,
      });
      this.#vm = vm;
      return vm.start(entry);
    });
    return outcome.ok ? { ...outcome, code } : { ...outcome, isAlive: false };
  }

  call({ name, input, fuel, maxOutputBytes }: CallMessage): StepOutcome {
    const vm = this.#vm;
    if (vm === undefined) throw new Error('no program is open');
    vm.fuelLeft = fuel;
    return this.#step(fuel, maxOutputBytes, () => vm.call(name, input));
  }

  #step(fuel: bigint, maxOutputBytes: number, work: () => Taken): StepOutcome {
    this.#lines = [];
    this.#logBytes = 0;
    let taken: Taken;
    try {
      taken = work();
    } catch (error) {
      return this.#failed(fuel, this.#classify(error), false);
    }
    if (this.#left(fuel) < 0n) return this.#failed(fuel, outOfFuel(fuel), false);
    if (taken.status === 'ok') {
      const output = taken.value;
      if (output.bytes.length > maxOutputBytes) {
        return this.#failed(
          fuel,
          { reason: 'memory', detail: `output of ${output.bytes.length} bytes` },
          true,
        );
      }
      const cid = cidOf(output.bytes, 'raw');
      const memoryPages = this.#vm?.memoryPages ?? 0;
      return { ok: true, output, cid, fuelUsed: fuel - this.#left(fuel), memoryPages, log: this.#lines };
    }
    const text = taken.status === 'failed' ? taken.text : 'the program waits for something that never comes';
    return this.#failed(fuel, { reason: this.#reasonOf(text), detail: text }, true);
  }

  #reasonOf(text: string): ScriptReason {
    if (this.#vm?.isDenial(text) === true) return 'denied';
    const isMemory = this.#vm?.hasRefusedMemory === true && /out of memory|^null|cannot be shown/.test(text);
    return isMemory ? 'memory' : 'error';
  }

  #left(fuel: bigint): bigint {
    return this.#vm?.fuelLeft ?? fuel;
  }

  #classify(error: unknown): { reason: ScriptReason; detail: string } {
    const vm = this.#vm;
    const detail = error instanceof Error ? error.message : 'the engine failed';
    if (error instanceof Stopped) return { reason: error.reason, detail };
    if (vm === undefined) return { reason: error instanceof RangeError ? 'memory' : 'error', detail };
    if (vm.fuelLeft < 0n) return { reason: 'out-of-fuel', detail: '' };
    if (vm.isStackExceeded) return { reason: 'error', detail: 'stack exhausted' };
    if (vm.hasRefusedMemory) return { reason: 'memory', detail: `growth was refused, then: ${detail}` };
    return { reason: 'error', detail: error instanceof EngineAbort ? `the engine: ${detail}` : detail };
  }

  #failed(
    fuel: bigint,
    { reason, detail }: { reason: ScriptReason; detail: string },
    isAlive: boolean,
  ): StepOutcome {
    const left = this.#left(fuel);
    const memoryPages = this.#vm?.memoryPages ?? 0;
    if (!isAlive) this.#vm = undefined;
    const told = reason === 'out-of-fuel' ? outOfFuel(fuel).detail : detail;
    const fuelUsed = left < 0n ? fuel : fuel - left;
    return { ok: false, reason, detail: told, fuelUsed, memoryPages, log: this.#lines, isAlive };
  }

  #log(line: Uint8Array): void {
    const room = LOG_BYTES - this.#logBytes;
    if (this.#lines.length >= LOG_LINES || room <= 0) return;
    const kept = line.subarray(0, room);
    this.#logBytes += kept.length;
    this.#lines.push(new TextDecoder().decode(kept));
  }
}

function outOfFuel(fuel: bigint): { reason: ScriptReason; detail: string } {
  return { reason: 'out-of-fuel', detail: `more than ${fuel} fuel` };
}
