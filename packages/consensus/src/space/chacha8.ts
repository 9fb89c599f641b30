const rotl = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function quarter(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  s[a] = (s[a] as number) + (s[b] as number);
  s[d] = rotl((s[d] as number) ^ (s[a] as number), 16);
  s[c] = (s[c] as number) + (s[d] as number);
  s[b] = rotl((s[b] as number) ^ (s[c] as number), 12);
  s[a] = (s[a] as number) + (s[b] as number);
  s[d] = rotl((s[d] as number) ^ (s[a] as number), 8);
  s[c] = (s[c] as number) + (s[d] as number);
  s[b] = rotl((s[b] as number) ^ (s[c] as number), 7);
}

/**
 * Keystream of ChaCha with 8 rounds, a 256-bit key, a zero nonce and a 64-bit block counter, as chiapos uses it.
 * The returned function writes block `counter` (64 bytes) to `out` at `at`.
 */
export function createChaCha8(key: Uint8Array): (counter: number, out: Uint8Array, at: number) => void {
  const input = new Uint32Array(16);
  input.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  const keyView = new DataView(key.buffer, key.byteOffset, 32);
  for (let i = 0; i < 8; i++) input[4 + i] = keyView.getUint32(4 * i, true);
  const state = new Uint32Array(16);
  return (counter, out, at) => {
    input[12] = counter % 2 ** 32;
    input[13] = Math.floor(counter / 2 ** 32);
    state.set(input);
    for (let round = 0; round < 4; round++) {
      quarter(state, 0, 4, 8, 12);
      quarter(state, 1, 5, 9, 13);
      quarter(state, 2, 6, 10, 14);
      quarter(state, 3, 7, 11, 15);
      quarter(state, 0, 5, 10, 15);
      quarter(state, 1, 6, 11, 12);
      quarter(state, 2, 7, 8, 13);
      quarter(state, 3, 4, 9, 14);
    }
    for (let i = 0; i < 16; i++) {
      const word = (state[i] as number) + (input[i] as number);
      out[at + 4 * i] = word;
      out[at + 4 * i + 1] = word >>> 8;
      out[at + 4 * i + 2] = word >>> 16;
      out[at + 4 * i + 3] = word >>> 24;
    }
  };
}
