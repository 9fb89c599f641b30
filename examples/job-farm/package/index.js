/** Counts the primes p with from <= p < to, by a sieve of that range alone. */
// biome-ignore lint/style/noDefaultExport: what a mesh calls of a script is its default export
export default function count(input) {
  const { from, to } = JSON.parse(typeof input === 'string' ? input : new TextDecoder().decode(input));
  const composite = new Uint8Array(to - from);
  for (let factor = 2; factor * factor < to; factor++) {
    const first = Math.max(factor * factor, Math.ceil(from / factor) * factor);
    for (let multiple = first; multiple < to; multiple += factor) composite[multiple - from] = 1;
  }
  let primes = 0;
  for (let number = Math.max(2, from); number < to; number++) primes += 1 - composite[number - from];
  return String(primes);
}
