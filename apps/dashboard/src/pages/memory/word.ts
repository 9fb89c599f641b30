/** The number in eight bytes of hex, its lowest byte first. Shorter text counts as far as it goes. */
export function wordOfHex(hex: string): bigint {
  const bytes = hex.match(/../g) ?? [];
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(`0x${byte}`), 0n);
}

/** Eight bytes of hex for a whole number of 64 bits, negative ones as their complement; undefined for other text. */
export function bytesOfWord(text: string): string | undefined {
  if (!/^-?\d{1,20}$/.test(text.trim())) return undefined;
  const number = BigInt(text.trim());
  if (number >= 2n ** 64n || number < -(2n ** 63n)) return undefined;
  const hex = BigInt.asUintN(64, number).toString(16).padStart(16, '0');
  return (hex.match(/../g) ?? []).toReversed().join('');
}
