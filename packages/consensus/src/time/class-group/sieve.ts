const LIMIT = 2 ** 15;
const MAX_WORDS = 32;

interface Table {
  readonly primes: readonly number[];
  /** 2^(32i) mod each prime, MAX_WORDS in a row. */
  readonly powers: Uint16Array;
}

let table: Table | undefined;

/** Built at first use: 3,511 primes, 220 KiB, one millisecond. */
function buildTable(): Table {
  const isComposite = new Uint8Array(LIMIT);
  const primes: number[] = [];
  for (let n = 3; n < LIMIT; n += 2) {
    if (isComposite[n] === 1) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < LIMIT; multiple += 2 * n) isComposite[multiple] = 1;
  }
  const powers = new Uint16Array(primes.length * MAX_WORDS);
  for (const [i, prime] of primes.entries()) {
    const step = 2 ** 32 % prime;
    let power = 1;
    for (let j = 0; j < MAX_WORDS; j++) {
      powers[i * MAX_WORDS + j] = power;
      power = (power * step) % prime;
    }
  }
  return { primes, powers };
}

/**
 * Whether an odd prime below `limit` (at most 2^15) divides the integer of these 32-bit words, the lowest first, at
 * most 32 of them. Every sum stays below 2^52, so doubles are exact.
 */
export function hasSmallFactor(words: Uint32Array, limit: number): boolean {
  table ??= buildTable();
  const { primes, powers } = table;
  const count = words.length;
  for (let i = 0; i < primes.length; i++) {
    const prime = primes[i] as number;
    if (prime >= limit) return false;
    const row = i * MAX_WORDS;
    let sum = 0;
    for (let j = 0; j < count; j++) sum += (words[j] as number) * (powers[row + j] as number);
    if (sum - Math.floor(sum / prime) * prime === 0) return true;
  }
  return false;
}
