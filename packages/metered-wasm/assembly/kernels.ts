// Five kernels for the bench of fuel: each takes a number of rounds and answers a checksum.

const BYTES: i32 = 65536;

export function hash(rounds: i32): i32 {
  const from = heap.alloc(BYTES);
  for (let at = 0; at < BYTES; at++) store<u8>(from + at, <u8>(at * 31));
  let digest: u32 = 2166136261;
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < BYTES; at++) digest = (digest ^ load<u8>(from + at)) * 16777619;
  }
  heap.free(from);
  return digest;
}

const N: i32 = 96;

export function matmul(rounds: i32): i32 {
  const a = new StaticArray<f64>(N * N);
  const b = new StaticArray<f64>(N * N);
  const c = new StaticArray<f64>(N * N);
  for (let at = 0; at < N * N; at++) {
    a[at] = <f64>(at % 7) * 0.5;
    b[at] = <f64>(at % 11) * 0.25;
  }
  for (let round = 0; round < rounds; round++) {
    for (let row = 0; row < N; row++) {
      for (let column = 0; column < N; column++) {
        let sum: f64 = 0;
        for (let at = 0; at < N; at++) sum += unchecked(a[row * N + at] * b[at * N + column]);
        unchecked((c[row * N + column] = sum));
      }
    }
  }
  return <i32>(c[N + 1] + c[N * N - 1]);
}

const ITEMS: i32 = 50_000;

function siftDown(items: StaticArray<i32>, start: i32, end: i32): void {
  let root = start;
  while (root * 2 + 1 < end) {
    let child = root * 2 + 1;
    if (child + 1 < end && unchecked(items[child] < items[child + 1])) child++;
    if (unchecked(items[root] >= items[child])) return;
    const held = unchecked(items[root]);
    unchecked((items[root] = items[child]));
    unchecked((items[child] = held));
    root = child;
  }
}

export function sort(rounds: i32): i32 {
  const items = new StaticArray<i32>(ITEMS);
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    let state: u32 = 12345 + round;
    for (let at = 0; at < ITEMS; at++) {
      state = state * 1664525 + 1013904223;
      unchecked((items[at] = state >> 1));
    }
    for (let start = ITEMS / 2 - 1; start >= 0; start--) siftDown(items, start, ITEMS);
    for (let end = ITEMS - 1; end > 0; end--) {
      const held = unchecked(items[0]);
      unchecked((items[0] = items[end]));
      unchecked((items[end] = held));
      siftDown(items, 0, end);
    }
    sum ^= unchecked(items[round % ITEMS]);
  }
  return sum;
}

export function sieve(rounds: i32): i32 {
  const flags = new StaticArray<u8>(BYTES);
  let primes = 0;
  for (let round = 0; round < rounds; round++) {
    memory.fill(changetype<usize>(flags), 0, BYTES);
    for (let at = 2; at < BYTES; at++) {
      if (unchecked(flags[at]) != 0) continue;
      primes++;
      for (let multiple = at * 2; multiple < BYTES; multiple += at) unchecked((flags[multiple] = 1));
    }
  }
  return primes;
}

function fib(n: i32): i32 {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

export function recursion(rounds: i32): i32 {
  let sum = 0;
  for (let round = 0; round < rounds; round++) sum += fib(24 + (round & 1));
  return sum;
}
