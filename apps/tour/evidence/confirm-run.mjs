/*
 * Runs again what the nodes of a HyperMesh tour ran, with a bare WebAssembly engine and none of HyperMesh's code:
 *
 *   node confirm-run.mjs [FOLDER]
 *
 * For each run of a WebAssembly package: module, input and output are the ones that the receipt names by SHA-256, and the
 * same call of the same module gives the same bytes for the same fuel. The module counts its own fuel, in the global that
 * it exports as `hm:fuel`; its only import is a log, of which nothing is read. Exits with 1 where anything differs.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? import.meta.dirname;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
let failures = 0;

function check(what, holds) {
  if (!holds) failures += 1;
  console.log(`${holds ? 'ok    ' : 'FAIL  '}${what}`);
}

/** The fields of a canonical CBOR map of texts and unsigned integers: what a receipt is. */
function readMap(bytes) {
  let at = 0;
  const head = () => {
    const first = bytes[at++];
    const info = first & 31;
    if (info < 24) return [first >> 5, BigInt(info)];
    let value = 0n;
    for (let left = 1 << (info - 24); left > 0; left--) value = (value << 8n) | BigInt(bytes[at++]);
    return [first >> 5, value];
  };
  const item = () => {
    const [major, value] = head();
    if (major === 0) return value;
    if (major !== 3) throw new Error(`a receipt holds texts and numbers, not CBOR major type ${major}`);
    at += Number(value);
    return bytes.toString('utf8', at - Number(value), at);
  };
  const [, count] = head();
  return Object.fromEntries(Array.from({ length: Number(count) }, () => [item(), item()]));
}

/** SHA-256 in a CID (base32, raw, sha2-256), as hex. */
function digestIn(cid) {
  let bits = '';
  for (const letter of cid.slice(1))
    bits += 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter).toString(2).padStart(5, '0');
  const bytes = bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2));
  return Buffer.from(bytes.slice(4)).toString('hex');
}

/** One call by the guest ABI hm-abi-1; answers the output and the fuel that the module counted. */
function call(module, op, input) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { hm: { log() {} } });
  const given = 1n << 61n;
  exports['hm:fuel'].value = given;
  exports['hm:start']?.();
  if (exports.hm_abi() !== 1) throw new Error('another guest ABI');
  const place = (bytes) => {
    const pointer = exports.hm_alloc(bytes.length) >>> 0;
    new Uint8Array(exports.memory.buffer, pointer, bytes.length).set(bytes);
    return pointer;
  };
  const name = Buffer.from(op);
  const [namePointer, inputPointer] = [place(name), place(input)];
  const packed = BigInt.asUintN(64, exports.hm_call(namePointer, name.length, inputPointer, input.length));
  const output = Buffer.from(exports.memory.buffer, Number(packed >> 32n), Number(packed & 0xffffffffn));
  return { output: Buffer.from(output), fuel: given - exports['hm:fuel'].value };
}

const runs = existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')).sort() : [];
let confirmed = 0;
for (const run of runs) {
  const read = (name) => readFileSync(join(folder, 'runs', run, name));
  if (!existsSync(join(folder, 'runs', run, 'module.wasm'))) continue;
  const [module, input, output] = ['module.wasm', 'input', 'output'].map(read);
  const receipt = readMap(read('receipt.cbor'));
  const named = [receipt.module, receipt.input, receipt.output].map(digestIn);
  const isNamed = [module, input, output].every((bytes, index) => sha256(bytes) === named[index]);
  check(`${run}: module, input and output are those of the receipt`, isNamed);
  const again = call(module, receipt.op, input);
  check(
    `${run}: run again, it gives the same ${output.length} bytes for ${receipt.fuel} fuel`,
    again.output.equals(output) && again.fuel === receipt.fuel,
  );
  confirmed += 1;
}
check(`${confirmed} of ${runs.length} runs are of WebAssembly packages and were run again`, confirmed > 0);
process.exitCode = failures > 0 ? 1 : 0;
