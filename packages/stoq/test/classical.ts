import { HandshakeAbort, HandshakeChannel, PeerRefusal } from '../src/session/channel.ts';
import { encodeHello } from '../src/session/messages.ts';
import { CLASSICAL, createDialerShare } from '../src/session/suites.ts';
import { rawDial } from './raw.ts';
import type { Pair } from './support.ts';

/** Knocks as a peer that speaks X25519 alone; answers the listener's refusal, or that it went on. */
export async function dialClassical(pair: Pair): Promise<string> {
  const { connection, stream } = await rawDial(pair);
  const channel = new HandshakeChannel(stream);
  await channel.send('hello', encodeHello(Buffer.alloc(32, 1), [createDialerShare(CLASSICAL)]));
  try {
    await channel.receive('accept');
    return 'accepted';
  } catch (error) {
    if (error instanceof PeerRefusal || error instanceof HandshakeAbort) return error.reason;
    throw error;
  } finally {
    connection.close();
  }
}
