/** 2^exponent mod an odd modulus. */
export function powerOfTwo(exponent: bigint, modulus: bigint): bigint {
  const digits = exponent.toString(32);
  let result = 1n;
  for (let i = 0; i < digits.length; i++) {
    for (let j = 0; j < 4; j++) result = (result * result) % modulus;
    result = ((result * result) << BigInt(Number.parseInt(digits[i] as string, 32))) % modulus;
  }
  return result;
}

function twosIn(value: bigint): number {
  let twos = 0;
  while (((value >> BigInt(twos)) & 1n) === 0n) twos++;
  return twos;
}

/** The strong test of odd n > 3 to base 2. */
function passesBaseTwo(n: bigint): boolean {
  const twos = twosIn(n - 1n);
  let power = powerOfTwo((n - 1n) >> BigInt(twos), n);
  if (power === 1n || power === n - 1n) return true;
  for (let i = 1; i < twos; i++) {
    power = (power * power) % n;
    if (power === n - 1n) return true;
  }
  return false;
}

/** The Jacobi symbol of small value ≥ 1 over odd n. */
function jacobi(value: number, n: bigint): number {
  let top = value;
  let sign = 1;
  let mod8 = Number(n & 7n);
  let bottom: number | undefined;
  while (top !== 0) {
    while (top % 2 === 0) {
      top /= 2;
      if (mod8 === 3 || mod8 === 5) sign = -sign;
    }
    if (top % 4 === 3 && mod8 % 4 === 3) sign = -sign;
    const rest: number = bottom === undefined ? Number(n % BigInt(top)) : bottom % top;
    bottom = top;
    mod8 = top % 8;
    top = rest;
  }
  return bottom === 1 ? sign : 0;
}

/**
 * The extra strong Lucas test with Q = 1 and the first P for which P² - 4 is no square mod n, on V alone
 * (Baillie and Wagstaff 1980; Mo and Jones; as PARI does).
 */
function passesLucas(n: bigint): boolean {
  let p = 3;
  for (let symbol = jacobi(p * p - 4, n); symbol !== -1; symbol = jacobi(p * p - 4, n)) {
    // No square has such a P; a number that is none has one long before 200.
    if (symbol === 0 || ++p > 200) return false;
  }
  const twos = twosIn(n + 1n);
  const start = BigInt(p);
  let low = 2n;
  let high = start;
  for (const bit of ((n + 1n) >> BigInt(twos)).toString(2)) {
    const middle = (low * high - start) % n;
    if (bit === '1') [low, high] = [middle, (high * high - 2n) % n];
    else [low, high] = [(low * low - 2n) % n, middle];
  }
  let v = low < 0n ? low + n : low;
  if (v === 2n || v === n - 2n) return true;
  for (let i = 0; i < twos - 1; i++) {
    if (v === 0n) return true;
    v = (v * v - 2n) % n;
    if (v < 0n) v += n;
  }
  return false;
}

/**
 * Baillie-PSW: the strong test to base 2 and an extra strong Lucas test, for odd n above 2^64 without small factors.
 * No composite is known to pass both.
 */
export function isProbablePrime(n: bigint): boolean {
  return passesBaseTwo(n) && passesLucas(n);
}
