import { generateKeyPairSync } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';

/** A fresh Ed25519 key that names one end of QUIC connections, and nothing else. */
export interface TransportKey {
  /** The key pair as libp2p's protobuf, 68 bytes. */
  readonly privateKeyProto: Uint8Array;
  /** The libp2p PeerId of the public key, as in `/p2p/12D3…`. */
  readonly peerId: string;
}

/** Makes a transport key. PeerId: libp2p peer-ids specification, identity multihash of the protobuf of an Ed25519 key. */
export function generateTransportKey(): TransportKey {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const publicKey = Buffer.from(x, 'base64url');
  return {
    privateKeyProto: Buffer.concat([Buffer.from([0x08, 0x01, 0x12, 0x40]), seed, publicKey]),
    peerId: base58btc.baseEncode(
      Buffer.concat([Buffer.from([0x00, 0x24, 0x08, 0x01, 0x12, 0x20]), publicKey]),
    ),
  };
}
