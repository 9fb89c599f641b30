import type { MessagePort } from 'node:worker_threads';
import type { HostCall } from './protocol.ts';
import type { HostFunction } from './request.ts';
import { packValue, unpackValue } from './value.ts';
import { KIND, type Packed } from './vm.ts';

/** The host's end of the calls of one program: answers them, and ends those under way when the program ends. */
export interface HostSide extends Disposable {
  /** What the worker is given. */
  readonly grant: {
    readonly names: readonly string[];
    readonly port: MessagePort;
    readonly gate: Int32Array;
  };
  /** Takes a message of the worker; false where it is no call. */
  answer(message: unknown): boolean;
}

function failure(error: unknown): Packed {
  const { code, guestMessage } = (error ?? {}) as {
    readonly code?: unknown;
    readonly guestMessage?: unknown;
  };
  const named = typeof code === 'string' ? code : 'host-failed';
  const message = typeof guestMessage === 'string' ? guestMessage : named;
  return { kind: KIND.failure, bytes: new TextEncoder().encode(JSON.stringify({ code: named, message })) };
}

/** Makes the host's end for the functions that were granted. */
export async function hostSide(functions: Readonly<Record<string, HostFunction>>): Promise<HostSide> {
  const { MessageChannel } = await import('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const ended = new AbortController();
  const granted = new Map(Object.entries(functions));
  const answerOf = async (name: string, value: Packed): Promise<Packed> => {
    const called = granted.get(name);
    if (called === undefined) return failure({ code: 'not-granted' });
    try {
      return packValue(await called(unpackValue(value), ended.signal));
    } catch (error) {
      return failure(error);
    }
  };
  return {
    grant: { names: [...granted.keys()], port: port2, gate },
    answer(message) {
      const call = (message as Partial<HostCall> | null)?.hostCall;
      if (call === undefined) return false;
      void answerOf(call.name, call.value).then((packed) => {
        port1.postMessage(packed);
        Atomics.store(gate, 0, 1);
        Atomics.notify(gate, 0);
      });
      return true;
    },
    [Symbol.dispose]() {
      ended.abort();
      port1.close();
    },
  };
}
