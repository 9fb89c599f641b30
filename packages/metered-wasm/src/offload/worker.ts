import { parentPort } from 'node:worker_threads';
import { checkMetered } from '../check/check.ts';
import { meter } from '../meter/meter.ts';
import type { MeterOptions } from '../options.ts';

/** What is done off the caller's thread: `meter` or `checkMetered` of bytes that come back with the answer. */
export interface OffloadRequest {
  readonly work: 'meter' | 'check';
  readonly bytes: Uint8Array;
  readonly options: MeterOptions;
}

const port = parentPort;
if (port !== null) {
  port.on('message', ({ work, bytes, options }: OffloadRequest) => {
    if (work === 'meter') {
      const verdict = meter(bytes, options);
      port.postMessage({ verdict }, verdict.ok ? [verdict.module.buffer as ArrayBuffer] : []);
    } else {
      port.postMessage({ verdict: checkMetered(bytes, options), bytes }, [bytes.buffer as ArrayBuffer]);
    }
  });
  port.postMessage('ready');
}
