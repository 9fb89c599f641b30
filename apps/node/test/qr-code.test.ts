import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { painted } from '../src/cli/output.ts';
import { qrCode } from '../src/cli/qr-code.ts';

const text = `hypermesh-invitation-1:${'pWF2AWRub2RleDtiYWZ5'.repeat(16)}`;

/** Whether each module is light, as a camera sees lines of half blocks whose drawn halves are light. */
function seen(lines: readonly string[]): readonly (readonly boolean[])[] {
  return lines.flatMap((line) => [
    [...line].map((half) => half === '█' || half === '▀'),
    [...line].map((half) => half === '█' || half === '▄'),
  ]);
}

/** Some pixels to each module, of what is seen on a ground that is all dark or all light. */
function picture(modules: readonly (readonly boolean[])[], isGroundLight: boolean) {
  const [scale, margin] = [4, 8];
  const width = ((modules[0]?.length ?? 0) + 2 * margin) * scale;
  const height = (modules.length + 2 * margin) * scale;
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const module = modules[Math.floor(y / scale) - margin]?.[Math.floor(x / scale) - margin];
      data.fill((module ?? isGroundLight) ? 255 : 0, (y * width + x) * 4, (y * width + x) * 4 + 3);
      data[(y * width + x) * 4 + 3] = 255;
    }
  return { width, height, data };
}

describe('a QR code on a terminal', () => {
  it.for([
    ['dark', false],
    ['light', true],
  ] as const)('is read by a camera where all around it is %s', ([, isGroundLight]) => {
    expect(decodeQR(picture(seen(qrCode(text)), isGroundLight))).toBe(text);
  });

  it('has four light modules on every side', () => {
    const modules = seen(qrCode(text));
    const [size] = modules.map((row) => row.length);
    // An odd number of modules leaves the lower half of the last line over.
    const rows = modules.slice(0, size);
    const edge = [0, 1, 2, 3].flatMap((at) => [at, rows.length - 1 - at]);
    for (const at of edge) {
      expect(rows[at]?.every((light) => light)).toBe(true);
      expect(rows.every((row) => row[at])).toBe(true);
    }
    expect(rows.map((row) => row[4]).some((light) => !light)).toBe(true);
  });

  it('is white on black by itself where the terminal takes colours, and plain in a file', () => {
    const [line = ''] = qrCode(text);
    expect(painted(line, 'picture', { isTTY: false })).toBe(line);
    if ((process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb') return;
    expect(painted(line, 'picture', { isTTY: true })).toBe(`\x1b[38;5;231;48;5;16m${line}\x1b[0m`);
  });
});
