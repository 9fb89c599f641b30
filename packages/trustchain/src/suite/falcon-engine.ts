import type { FalconResults, FalconTask } from './falcon-task.ts';
import type { BackendName, KeyPair } from './suite.ts';

type Awaitable<T> = T | Promise<T>;

/** Falcon-1024, round 3, padded, computed on the calling thread. Throws on keys that do not decode. */
export interface FalconEngine {
  generate(seed?: Uint8Array): Awaitable<KeyPair>;
  publicKeyOf(secretKey: Uint8Array): Awaitable<Uint8Array>;
  sign(message: Uint8Array, secretKey: Uint8Array): Awaitable<Uint8Array>;
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Awaitable<boolean>;
}

/** The backends that know Falcon; OpenSSL does not. */
export type FalconBackendName = Exclude<BackendName, 'native'>;

/** liboqs copies a message into its own memory and does not notice when that is full: beyond this, noble works. */
const LIBOQS_MESSAGE_MAX_BYTES = 1 << 20;

type Liboqs = Pick<typeof import('@oqs/liboqs-js/sig'), 'createFalconPadded1024'>;

/** Where liboqs keeps this one algorithm beside its list of all of them, which takes ten times as long to load. */
const LIBOQS_FALCON = './algorithms/sig/falcon/falcon-padded-1024.js';

/** Loads an engine; rejects where its package is not installed. noble blocks the thread for some 40 ms here. */
export function openFalconEngine(name: FalconBackendName): Promise<FalconEngine> {
  return name === 'liboqs' ? openLiboqs() : openNoble();
}

async function openNoble(): Promise<FalconEngine> {
  const { falcon1024padded } = await import('@noble/post-quantum/falcon.js');
  return {
    generate: (seed) => falcon1024padded.keygen(seed),
    publicKeyOf: (secretKey) => falcon1024padded.getPublicKey(secretKey),
    sign: (message, secretKey) => falcon1024padded.sign(message, secretKey),
    verify: (signature, message, publicKey) => falcon1024padded.verify(signature, message, publicKey),
  };
}

/** liboqs goes by the name of the constructor, and takes a Buffer for no bytes. */
function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

async function openLiboqs(): Promise<FalconEngine> {
  const alone = new URL(LIBOQS_FALCON, import.meta.resolve('@oqs/liboqs-js/sig')).href;
  const module: Liboqs = await import(/* @vite-ignore */ alone).catch(() => import('@oqs/liboqs-js/sig'));
  const liboqs = await module.createFalconPadded1024();
  const fits = (message: Uint8Array) => message.length <= LIBOQS_MESSAGE_MAX_BYTES;
  return {
    // liboqs takes no seed and derives no public key from a private one.
    generate: async (seed) =>
      seed === undefined ? liboqs.generateKeyPair() : (await openNoble()).generate(seed),
    publicKeyOf: async (secretKey) => (await openNoble()).publicKeyOf(secretKey),
    sign: async (message, secretKey) =>
      fits(message) ? liboqs.sign(message, plain(secretKey)) : (await openNoble()).sign(message, secretKey),
    verify: (signature, message, publicKey) =>
      fits(message)
        ? liboqs.verify(message, plain(signature), plain(publicKey))
        : openNoble().then((noble) => noble.verify(signature, message, publicKey)),
  };
}

/** Does one task on the calling thread. */
export function performFalconTask(
  engine: FalconEngine,
  work: FalconTask,
): FalconResults[FalconTask['task']] | Promise<FalconResults[FalconTask['task']]> {
  switch (work.task) {
    case 'generate':
      return engine.generate(work.seed);
    case 'public-key':
      return engine.publicKeyOf(work.secretKey);
    case 'sign':
      return engine.sign(work.message, work.secretKey);
    case 'verify':
      return engine.verify(work.signature, work.message, work.publicKey);
    default:
      return work satisfies never;
  }
}
