import { encodeQR } from 'qr';

/** Light modules around the code, as ISO/IEC 18004 asks for: cameras find the code by them. */
const quietModules = 4;

/**
 * A QR code as lines of one width, two modules to a character. Light modules are the drawn ones: print it in the tone
 * `picture`, which makes them white on black on any terminal.
 */
export function qrCode(text: string): readonly string[] {
  return encodeQR(text, 'ascii', { ecc: 'low', border: quietModules }).trimEnd().split('\n');
}
