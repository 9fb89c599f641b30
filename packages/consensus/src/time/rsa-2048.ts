/**
 * RSA-2048 of the RSA Factoring Challenge (617 decimal digits, digit sum 2738). Nobody is known to know its factors,
 * which is what the delay rests on.
 */
export const N: bigint = BigInt(
  '25195908475657893494027183240048398571429282126204032027777137836043662020707595556264018525880784406918290641249' +
    '515082189298559149176184502808489120072844992687392807287776735971418347270261896375014971824691165077613379859' +
    '095700097330459748808428401797429100642458691817195118746121515172654632282216869987549182422433637259085141865' +
    '462043576798423387184774447920739934236584823824281198163815010674810451660377306056201619676256133844143603833' +
    '904414952634432190114657544454178424020924616515723350778707749817125772467962926386356373289912154831438167899' +
    '885040445364023527381951378636564391212010397122822120720357',
);

export const ELEMENT_BYTES = 256;
const HALF = (N - 1n) / 2n;

/** Integer of big-endian bytes. */
export function toInteger(bytes: Uint8Array): bigint {
  let hex = '0x0';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return BigInt(hex);
}

/** Big-endian bytes of `value`, padded to `length`. */
export function toBytes(value: bigint, length: number): Uint8Array {
  const hex = value.toString(16).padStart(2 * length, '0');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The representative of ±value that stands for both: the smaller one. */
export function canonical(value: bigint): bigint {
  return value > HALF ? N - value : value;
}

/** Whether `value` stands for an element: 1 … (N-1)/2. */
export function isElement(value: bigint): boolean {
  return value >= 1n && value <= HALF;
}
