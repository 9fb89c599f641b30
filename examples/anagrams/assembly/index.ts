// The guest: reads a JSON array of lower-case words and writes what it found as JSON. One pass cuts the words, a second
// sorts each word's letters by counting and files it under them in an open hash table. Nothing is ever freed: an
// instance serves one call.

import { log } from "./hm";

const LETTERS: i32 = 26;
const MAX_LENGTH: i32 = 64;
const LARGEST: i32 = 5;

export function hm_abi(): i32 {
  return 1;
}

export function hm_alloc(length: i32): usize {
  return heap.alloc(<usize>length);
}

let starts: StaticArray<u32> = new StaticArray<u32>(0);
let lengths: StaticArray<u8> = new StaticArray<u8>(0);
let words: i32 = 0;

/** Cuts the array into words; anything but quoted runs of a to z, commas, brackets and white space is refused. */
function cut(input: usize, size: i32): void {
  const most = size / 3 + 1;
  starts = new StaticArray<u32>(most);
  lengths = new StaticArray<u8>(most);
  const end = input + size;
  let at = input;
  while (at < end) {
    const byte = load<u8>(at++);
    if (byte != 0x22) {
      if (byte > 0x20 && byte != 0x2c && byte != 0x5b && byte != 0x5d) unreachable();
      continue;
    }
    const from = at;
    while (at < end && load<u8>(at) != 0x22) {
      const letter = load<u8>(at++);
      if (letter < 0x61 || letter > 0x7a) unreachable();
    }
    if (at == end || <i32>(at - from) > MAX_LENGTH) unreachable();
    starts[words] = <u32>from;
    lengths[words] = <u8>(at - from);
    words++;
    at++;
  }
}

const counts = new StaticArray<i32>(LETTERS);
const histogram = new StaticArray<i32>(LETTERS);
const byLength = new StaticArray<i32>(MAX_LENGTH + 1);

/** Writes the letters of a word in order to `to` and answers their hash (FNV-1a). */
function sortLetters(word: i32, to: usize): u32 {
  const from = <usize>starts[word];
  const length = <i32>lengths[word];
  for (let letter = 0; letter < LETTERS; letter++) counts[letter] = 0;
  for (let at = 0; at < length; at++) {
    const letter = <i32>load<u8>(from + at) - 0x61;
    counts[letter] += 1;
    histogram[letter] += 1;
  }
  let hash: u32 = 2166136261;
  for (let letter = 0; letter < LETTERS; letter++) {
    for (let left = counts[letter]; left > 0; left--) {
      store<u8>(to++, <u8>(letter + 0x61));
      hash = (hash ^ <u32>(letter + 0x61)) * 16777619;
    }
  }
  return hash;
}

/** Sorted letters of each class's first word, one table entry a class; `next` chains the words of a class. */
let table: StaticArray<i32> = new StaticArray<i32>(0);
let next: StaticArray<i32> = new StaticArray<i32>(0);
let last: StaticArray<i32> = new StaticArray<i32>(0);
let sizes: StaticArray<i32> = new StaticArray<i32>(0);
let keys: StaticArray<u32> = new StaticArray<u32>(0);

function file(): void {
  let capacity = 1024;
  while (capacity < words * 2) capacity <<= 1;
  table = new StaticArray<i32>(capacity);
  next = new StaticArray<i32>(words);
  last = new StaticArray<i32>(words);
  sizes = new StaticArray<i32>(words);
  keys = new StaticArray<u32>(words);
  const scratch = heap.alloc(MAX_LENGTH);
  for (let word = 0; word < words; word++) {
    const length = <i32>lengths[word];
    byLength[length] += 1;
    let slot = <i32>(sortLetters(word, scratch) & <u32>(capacity - 1));
    next[word] = -1;
    while (true) {
      const first = table[slot] - 1;
      if (first < 0) {
        const key = heap.alloc(<usize>length);
        memory.copy(key, scratch, <usize>length);
        keys[word] = <u32>key;
        table[slot] = word + 1;
        sizes[word] = 1;
        last[word] = word;
        break;
      }
      if (<i32>lengths[first] == length && memory.compare(<usize>keys[first], scratch, <usize>length) == 0) {
        next[last[first]] = word;
        last[first] = word;
        sizes[first] += 1;
        break;
      }
      slot = (slot + 1) & (capacity - 1);
    }
  }
}

let out: usize = 0;
let outStart: usize = 0;

function text(value: string): void {
  for (let at = 0; at < value.length; at++) store<u8>(out++, <u8>value.charCodeAt(at));
}

function number(value: i32): void {
  if (value >= 10) number(value / 10);
  store<u8>(out++, <u8>(0x30 + value % 10));
}

function quoted(word: i32): void {
  const length = <usize>lengths[word];
  store<u8>(out++, 0x22);
  memory.copy(out, <usize>starts[word], length);
  out += length;
  store<u8>(out++, 0x22);
}

function comma(isFirst: bool): void {
  if (!isFirst) store<u8>(out++, 0x2c);
}

/** `{"a":1,…}` of the letters that occur. */
function writeLetters(): void {
  text('"letters":{');
  let isFirst = true;
  for (let letter = 0; letter < LETTERS; letter++) {
    if (histogram[letter] == 0) continue;
    comma(isFirst);
    isFirst = false;
    text('"');
    store<u8>(out++, <u8>(0x61 + letter));
    text('":');
    number(histogram[letter]);
  }
  text("},");
}

function writeLengths(): i32 {
  let longest = 0;
  text('"lengths":{');
  let isFirst = true;
  for (let length = 0; length <= MAX_LENGTH; length++) {
    if (byLength[length] == 0) continue;
    comma(isFirst);
    isFirst = false;
    text('"');
    number(length);
    text('":');
    number(byLength[length]);
    longest = length;
  }
  text("},");
  return longest;
}

function writeLongest(longest: i32): void {
  text('"longest":[');
  let isFirst = true;
  for (let word = 0; word < words; word++) {
    if (<i32>lengths[word] != longest) continue;
    comma(isFirst);
    isFirst = false;
    quoted(word);
  }
  text("],");
}

/** The classes with the most words, the earlier in the list first where two have as many. */
function writeClasses(): void {
  let classes = 0;
  let members = 0;
  for (let word = 0; word < words; word++) {
    if (sizes[word] < 2) continue;
    classes++;
    members += sizes[word];
  }
  text('"anagramClasses":');
  number(classes);
  text(',"wordsWithAnagram":');
  number(members);
  text(',"largest":[');
  for (let rank = 0; rank < LARGEST; rank++) {
    let best = -1;
    for (let word = 0; word < words; word++) {
      if (sizes[word] > 1 && (best < 0 || sizes[word] > sizes[best])) best = word;
    }
    if (best < 0) break;
    comma(rank == 0);
    text("[");
    for (let word = best; word >= 0; word = next[word]) {
      comma(word == best);
      quoted(word);
    }
    text("]");
    sizes[best] = 0;
  }
  text("]");
}

function say(message: string): void {
  const bytes = heap.alloc(<usize>message.length);
  for (let at = 0; at < message.length; at++) store<u8>(bytes + at, <u8>message.charCodeAt(at));
  log(bytes, message.length);
}

/** The one operation, whatever its name. Traps when the input is no array of words. */
export function hm_call(_op: usize, _opLength: i32, input: usize, size: i32): u64 {
  cut(input, size);
  say("words are cut");
  file();
  say("words are filed by their letters");
  // No word is written more than twice: among the longest and in its class.
  outStart = out = heap.alloc(<usize>size * 2 + 65536);
  text('{"words":');
  number(words);
  text(",");
  writeLetters();
  writeLongest(writeLengths());
  writeClasses();
  text("}");
  return (<u64>outStart << 32) | <u64>(out - outStart);
}
