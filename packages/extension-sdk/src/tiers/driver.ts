/** Where the driver lies among the files of a script; no file of a package may be called so. */
export const DRIVER_FILE = 'hm-driver.mjs';
/** The guest API for scripts that import it instead of carrying it. */
export const GUEST_API_FILE = 'node_modules/@hypermesh/extension-sdk/index.mjs';
export const GUEST_API_SOURCE = 'export const defineExtension = (d) => d;\nexport const op = (o) => o;\n';

/**
 * The code that stands between an extension and the host inside the sandbox. It is part of the guest: what it does not
 * forward, the broker refuses; what it forges, the broker refuses too.
 */
export function driverSource(entry: string): string {
  return `import { call } from 'hm:host';
import { extension } from ${JSON.stringify(`./${entry}`)};
const B = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const toBase64 = (bytes) => {
  const out = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const n = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out.push(B[n >> 18], B[(n >> 12) & 63], i + 1 < bytes.length ? B[(n >> 6) & 63] : '=', i + 2 < bytes.length ? B[n & 63] : '=');
  }
  return out.join('');
};
const fromBase64 = (text) => {
  const clean = text.replace(/=+$/, '');
  const bytes = new Uint8Array((clean.length * 3) >> 2);
  let n = 0, bits = 0, at = 0;
  for (const letter of clean) {
    n = (n << 6) | B.indexOf(letter);
    bits += 6;
    if (bits >= 8) { bits -= 8; bytes[at++] = (n >> bits) & 255; n &= (1 << bits) - 1; }
  }
  return bytes;
};
const toWire = (value) => JSON.stringify(value ?? null, (_, each) => {
  if (each instanceof Uint8Array) return { $bytes: toBase64(each) };
  return typeof each === 'bigint' ? String(each) : each;
});
const fromWire = (text) => JSON.parse(text, (_, each) =>
  each !== null && typeof each === 'object' && typeof each.$bytes === 'string' ? fromBase64(each.$bytes) : each);
class HostError extends Error {
  constructor({ code, detail }) { super(detail); this.code = code; }
}
const ask = (name, value) => {
  const answer = fromWire(call(name, toWire(value)));
  if (answer.error) throw new HostError(answer.error);
  return answer.result;
};
const object = (capability) => new Proxy(Object.freeze({}), {
  get: (_, method) => typeof method !== 'string' || method === 'then'
    ? undefined
    : async (...args) => ask('hm.invoke', { capability, method, args }),
});
const never = Object.freeze({ aborted: false, addEventListener() {}, removeEventListener() {}, throwIfAborted() {} });
const context = (request) => {
  const caps = new Proxy(Object.freeze({}), {
    get: (_, name) => {
      if (typeof name !== 'string') return undefined;
      if (!request.allowed.includes(name)) ask('hm.invoke', { capability: name, method: '', args: [] });
      return object(name);
    },
    has: (_, name) => request.granted.includes(name),
  });
  const say = (level) => (event, fields) => { console.log(level + ' ' + event + (fields ? ' ' + toWire(fields) : '')); };
  return {
    caps, state: request.state, config: request.config, client: request.client, proof: request.proof ?? undefined,
    signal: never, log: { info: say('info'), warn: say('warn') },
    can: (name) => request.granted.includes(name), progress() {},
  };
};
const check = async (rule, params) => {
  if (rule === undefined) return params;
  const bad = (detail) => Object.assign(new Error(detail), { code: 'bad-params' });
  if (typeof rule === 'function') {
    try { return rule(params); } catch (error) { throw bad(String(error?.message ?? error)); }
  }
  const result = await rule['~standard'].validate(params);
  if (result.issues === undefined) return result.value;
  throw bad(result.issues.map((issue) => issue.message).join('; '));
};
const run = async (request, ctx) => {
  const { target, params } = request;
  if (target.kind === 'op') {
    const operation = extension.ops[target.name];
    return operation.run(await check(operation.params, params), ctx);
  }
  if (target.kind === 'asset') return extension.assets[target.type].actions[target.action](params, ctx);
  if (target.kind === 'hook') return extension[target.name]?.(ctx);
  if (target.name === 'initial') return extension.state?.initial() ?? null;
  return extension.state?.migrate?.(params, target.from) ?? null;
};
export function describe() {
  if (typeof extension !== 'object' || extension === null) throw new Error('the module exports no extension');
  const map = (from, to) => Object.fromEntries(Object.entries(from ?? {}).map(([key, each]) => [key, to(each)]));
  return toWire({
    id: extension.id,
    ops: map(extension.ops, (each) => ({ needs: each.needs ?? [], proof: each.proof === true })),
    assets: map(extension.assets, (each) => ({ needs: each.needs ?? [], actions: Object.keys(each.actions) })),
    stateVersion: extension.state?.version ?? null,
    hooks: ['onLoad', 'onSuspend', 'onUnload'].filter((name) => extension[name] !== undefined),
  });
}
export async function invoke(text) {
  const request = fromWire(text);
  const ctx = context(request);
  try {
    const result = await run(request, ctx);
    return toWire({ result: result ?? null, state: ctx.state ?? null });
  } catch (error) {
    const { code, message, retryAfterMs } = typeof error === 'object' && error !== null ? error : { message: String(error) };
    return toWire({ error: { code: String(code ?? 'error'), detail: String(message ?? error).slice(0, 500), retryAfterMs: retryAfterMs ?? null } });
  }
}
`;
}
