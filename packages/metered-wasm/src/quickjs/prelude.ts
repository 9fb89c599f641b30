/**
 * What runs in the guest before anything of its own. It takes away what is not deterministic, adds what programs
 * expect of any host, and answers the host through one function. It is the guest's own code: it has no more authority
 * than the rest, and what a program does to it, it does to itself. `native` leads to the host: 0 log, 1 host call,
 * 2 resolve for require, 3 compile a CommonJS file, 4 text of a JSON file, 5 and 6 UTF-8 of a long text and back. Steps: 0 settle the loaded modules, 1 call,
 * 2 take what came of it, 3 take whether it went well, 4 load a CommonJS file and name its exports.
 */
export const PRELUDE: string = `(function (native, clock, seed) {
'use strict';
const global = globalThis;
for (const name of ['SharedArrayBuffer', 'Atomics', 'WebAssembly', 'performance', 'scriptArgs', 'print', 'std', 'os', 'bjson']) delete global[name];
if (clock === undefined) delete global.Date;
delete Math.random;

const fromCharCode = String.fromCharCode;
const define = (target, name, value) =>
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });

const exact = (bytes) =>
  bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
const utf8Length = (text) => {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) { length += 4; at++; }
    else length += 3;
  }
  return length;
};
const LONG = 64;
const encode = (text) => {
  if (text.length > LONG && text.isWellFormed() && !text.includes('\\0')) return new Uint8Array(native(5, text));
  const bytes = new Uint8Array(utf8Length(text));
  let to = 0;
  for (let at = 0; at < text.length; at++) {
    let unit = text.charCodeAt(at);
    if (unit < 0x80) { bytes[to++] = unit; continue; }
    if (unit < 0x800) { bytes[to++] = 0xc0 | (unit >> 6); bytes[to++] = 0x80 | (unit & 63); continue; }
    if (unit >= 0xd800 && unit < 0xe000) {
      const next = unit < 0xdc00 ? text.charCodeAt(at + 1) : 0;
      if ((next & 0xfc00) === 0xdc00) {
        unit = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
        at++;
        bytes[to++] = 0xf0 | (unit >> 18); bytes[to++] = 0x80 | ((unit >> 12) & 63);
        bytes[to++] = 0x80 | ((unit >> 6) & 63); bytes[to++] = 0x80 | (unit & 63);
        continue;
      }
      unit = 0xfffd;
    }
    bytes[to++] = 0xe0 | (unit >> 12); bytes[to++] = 0x80 | ((unit >> 6) & 63); bytes[to++] = 0x80 | (unit & 63);
  }
  return bytes;
};
const decode = (bytes, fatal, keepMark) => {
  let text = '';
  if (bytes.length > LONG && (keepMark || bytes[0] !== 0xef)) {
    const whole = native(6, exact(bytes));
    if (whole !== undefined) return whole;
  }
  let units = [];
  const broken = () => {
    if (fatal) throw new TypeError('the bytes are not UTF-8');
    return 0xfffd;
  };
  let at = !keepMark && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length) {
    const first = bytes[at++];
    if (first < 0x80) units.push(first);
    else {
      let need = 0, value = 0, low = 0x80, high = 0xbf;
      if (first >= 0xc2 && first <= 0xdf) { need = 1; value = first & 31; }
      else if (first >= 0xe0 && first <= 0xef) { need = 2; value = first & 15; if (first === 0xe0) low = 0xa0; if (first === 0xed) high = 0x9f; }
      else if (first >= 0xf0 && first <= 0xf4) { need = 3; value = first & 7; if (first === 0xf0) low = 0x90; if (first === 0xf4) high = 0x8f; }
      else value = -1;
      while (need > 0 && at < bytes.length && bytes[at] >= low && bytes[at] <= high) {
        value = (value << 6) | (bytes[at++] & 63); low = 0x80; high = 0xbf; need--;
      }
      if (value < 0 || need > 0) units.push(broken());
      else if (value < 0x10000) units.push(value);
      else { value -= 0x10000; units.push(0xd800 | (value >> 10), 0xdc00 | (value & 0x3ff)); }
    }
    if (units.length >= 4096) { text += fromCharCode.apply(null, units); units = []; }
  }
  return text + fromCharCode.apply(null, units);
};
const bytesOf = (value) => {
  if (value === undefined) return new Uint8Array();
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError('not an ArrayBuffer or a view of one');
};

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') { return encode(String(text)); }
  encodeInto(text, into) {
    const bytes = encode(String(text));
    if (bytes.length > into.length) throw new RangeError('the text does not fit');
    into.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}
class TextDecoder {
  #fatal; #keepMark;
  constructor(label = 'utf-8', options = {}) {
    if (!/^\\s*utf-?8\\s*$/i.test(label)) throw new RangeError('only UTF-8 is there, not ' + label);
    this.#fatal = !!options.fatal; this.#keepMark = !!options.ignoreBOM;
  }
  get encoding() { return 'utf-8'; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#keepMark; }
  decode(value) { return decode(bytesOf(value), this.#fatal, this.#keepMark); }
}
define(global, 'TextEncoder', TextEncoder);
define(global, 'TextDecoder', TextDecoder);

const shown = (value) => {
  if (typeof value === 'string') return value;
  try {
    if (value instanceof Error) return String(value);
    if (typeof value === 'object' && value !== null) return JSON.stringify(value);
    return String(value);
  } catch { return 'something that cannot be shown'; }
};
const log = (...values) => { native(0, exact(encode(values.map(shown).join(' ').slice(0, 8192)))); };
define(global, 'console', { log, info: log, warn: log, error: log, debug: log });
define(global, 'queueMicrotask', (task) => {
  if (typeof task !== 'function') throw new TypeError('not a function');
  (async () => { await undefined; task(); })();
});

if (clock !== undefined) {
  const Native = global.Date;
  const Fixed = function Date(...args) {
    if (new.target === undefined) return new Native(clock).toString();
    return Reflect.construct(Native, args.length === 0 ? [clock] : args, new.target);
  };
  Fixed.prototype = Native.prototype;
  define(Native.prototype, 'constructor', Fixed);
  for (const name of ['parse', 'UTC']) define(Fixed, name, Native[name]);
  define(Fixed, 'now', () => clock);
  define(global, 'Date', Fixed);
}
if (seed !== undefined) {
  const state = new Uint32Array(seed.slice(0, 16));
  if (state[0] === 0 && state[1] === 0 && state[2] === 0 && state[3] === 0) state[0] = 1;
  const next = () => {
    const result = Math.imul(state[1], 5);
    const turned = Math.imul((result << 7) | (result >>> 25), 9);
    const mixed = state[1] << 9;
    state[2] ^= state[0]; state[3] ^= state[1]; state[1] ^= state[2]; state[0] ^= state[3];
    state[2] ^= mixed;
    state[3] = (state[3] << 11) | (state[3] >>> 21);
    return turned >>> 0;
  };
  define(Math, 'random', () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992);
}

const commons = new Map();
const load = (path) => {
  const known = commons.get(path);
  if (known !== undefined) {
    if ('failure' in known) throw known.failure;
    return known.exports;
  }
  const module = { exports: {}, id: path, filename: path, loaded: false };
  commons.set(path, module);
  try {
    if (path.endsWith('.json')) module.exports = JSON.parse(native(4, path));
    else {
      const slash = path.lastIndexOf('/');
      const require = (specifier) => load(native(2, path, String(specifier)));
      native(3, path).call(module.exports, module.exports, require, module, path, path.slice(0, Math.max(0, slash)));
    }
    module.loaded = true;
  } catch (failure) {
    module.failure = failure;
    throw failure;
  }
  return module.exports;
};
define(global, Symbol.for('hm:cjs'), load);

const pack = (value) => {
  if (value === undefined) return { kind: 0, bytes: new Uint8Array() };
  if (typeof value === 'string') return { kind: 1, bytes: encode(value) };
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return { kind: 2, bytes: bytesOf(value) };
  const json = JSON.stringify(value);
  return json === undefined ? { kind: 0, bytes: new Uint8Array() } : { kind: 3, bytes: encode(json) };
};
const unpack = (kind, buffer) => {
  if (kind === 0) return undefined;
  const bytes = new Uint8Array(buffer);
  if (kind === 2) return bytes;
  const text = decode(bytes, false, true);
  return kind === 1 ? text : JSON.parse(text);
};
const framed = (...kinds) => (bytes) => {
  const frame = new Uint8Array(kinds.length + bytes.length);
  frame.set(kinds); frame.set(bytes, kinds.length);
  return frame.buffer;
};
const describe = (error) => {
  let text = 'something was thrown that cannot be shown';
  try {
    text = error instanceof Error ? String(error) : 'thrown: ' + shown(error);
    const { stack } = error;
    if (typeof stack === 'string' && stack !== '') text += '\\n' + stack;
  } catch {}
  return text.slice(0, 4000);
};
define(global, Symbol.for('hm:host'), (name, value) => {
  const { kind, bytes } = pack(value);
  const answer = new Uint8Array(native(1, String(name), framed(kind)(bytes)));
  if (answer[0] !== 255) return unpack(answer[0], answer.slice(1).buffer);
  const { code, message } = JSON.parse(decode(answer.subarray(1), false, true));
  const failure = new Error(message);
  failure.code = code;
  throw failure;
});

let state = 0;
let result;
let exports;
const settle = async (work) => {
  state = 0;
  try { result = await work(); state = 1; } catch (error) { result = error; state = 2; }
};
return (step, name, kind, buffer) => {
  if (step === 0) { settle(async () => { exports = (await name).entry; }); return; }
  if (step === 1) {
    settle(async () => {
      let owner;
      let found = exports;
      for (const part of name.split('.')) {
        if (found === null || (typeof found !== 'object' && typeof found !== 'function') || !Object.hasOwn(found, part)) {
          throw new TypeError('the program exports no ' + name);
        }
        owner = found;
        found = found[part];
      }
      if (typeof found !== 'function') throw new TypeError(name + ' is not a function');
      return found.call(owner === exports ? undefined : owner, unpack(kind, buffer));
    });
    return;
  }
  if (step === 4) {
    const made = load(name);
    const names = (typeof made === 'object' || typeof made === 'function') && made !== null ? Object.keys(made) : [];
    return framed(1, 3)(encode(JSON.stringify(names)));
  }
  if (state === 0) return framed(0, 0)(new Uint8Array());
  const done = result;
  result = undefined;
  if (state === 2) return framed(2, 0)(encode(describe(done)));
  if (step === 3) return framed(1, 0)(new Uint8Array());
  try {
    const { kind: made, bytes } = pack(done);
    return framed(1, made)(bytes);
  } catch (error) {
    return framed(2, 0)(encode(describe(error)));
  }
};
})`;

/** The module that a guest calls its host through. */
export const HOST_MODULE: string = `const host = globalThis[Symbol.for('hm:host')];
export const call = (name, value) => host(name, value);`;

/** A module that stands for a CommonJS file, with its exports as they were when it was loaded. */
export function commonModule(path: string, names: readonly string[]): string {
  const list = names.map((name, at) => `const n${at} = m[${JSON.stringify(name)}];`).join('\n');
  const exported = names.map((name, at) => `n${at} as ${name}`).join(', ');
  return `const m = globalThis[Symbol.for('hm:cjs')](${JSON.stringify(path)});
export default m;
${list}
export { ${exported} };`;
}
