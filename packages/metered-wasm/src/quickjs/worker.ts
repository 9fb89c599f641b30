import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { HostCall, ToWorker } from './protocol.ts';
import { Session } from './session.ts';
import type { Packed } from './vm.ts';

/** Asks the host and waits for its answer; the whole worker stands still meanwhile. */
function hostThrough(
  port: MessagePort,
  granted:
    | { readonly names: readonly string[]; readonly port: MessagePort; readonly gate: Int32Array }
    | undefined,
): (name: string, value: Packed) => Packed | undefined {
  return (name, value) => {
    if (granted?.names.includes(name) !== true) return undefined;
    const { port: answers, gate } = granted;
    Atomics.store(gate, 0, 0);
    port.postMessage({ hostCall: { name, value } } satisfies HostCall);
    Atomics.wait(gate, 0, 0);
    return (receiveMessageOnPort(answers) as { message: Packed }).message;
  };
}

const port = parentPort;
if (port !== null) {
  let session: Session | undefined;
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'close') {
      session = undefined;
      port.postMessage({ ok: true });
      return;
    }
    if (message.kind === 'open') session = new Session(hostThrough(port, message.host));
    const outcome =
      message.kind === 'open' ? (session as Session).open(message) : (session as Session).call(message);
    if (!outcome.ok && !outcome.isAlive) session = undefined;
    const isWhole = outcome.ok && outcome.output.bytes.byteLength === outcome.output.bytes.buffer.byteLength;
    port.postMessage(outcome, isWhole ? [outcome.output.bytes.buffer as ArrayBuffer] : []);
  });
  port.postMessage('ready');
}
