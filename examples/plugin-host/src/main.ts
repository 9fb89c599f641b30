import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock as clock } from '@hypermesh/core/node';
import { createExtensionHost, memoryAudit } from '@hypermesh/extension-sdk/host';
import { readPackage } from '@hypermesh/extension-sdk/sign';
import { createAuthor, publish } from './author.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'plug-ins-'));
const sources = fileURLToPath(new URL('../plugins/', import.meta.url));
const busy = () =>
  process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap').length;
const busyBefore = busy();

// An author signs two versions of a plug-in; somebody adds one line to a copy of the first.
const { signer, trust } = createAuthor();
await publish(join(sources, 'greeter-1'), join(folder, 'installed', 'greeter'), signer);
await publish(join(sources, 'greeter-1'), join(folder, 'installed', 'greeter-copy'), signer);
await publish(join(sources, 'greeter-2'), join(folder, 'greeter-2'), signer);
appendFileSync(join(folder, 'installed', 'greeter-copy', 'extension.mjs'), '// and one thing more\n');

// The host: whom it believes, what a plug-in may use, and who may call what.
const audit = memoryAudit(clock);
const slow = Promise.withResolvers<void>();
const get = (key: string) => (key === 'greeting' ? slow.promise.then(() => 'Hello') : undefined);
const host = createExtensionHost({
  trust,
  audit,
  clock,
  policy: {
    pinned: [],
    grants: [{ extension: 'demo.*', signer: 'the author', capabilities: ['storage:read'] }],
    callers: [{ client: 'me', method: 'greeter.*' }],
    limits: { memoryBytes: 32 * 2 ** 20 },
  },
  capabilities: { 'storage:read': { create: () => ({ get }) } },
});
const hello = async (name: string) => {
  const answer = await host.handle({ client: 'me', method: 'greeter.hello', params: name });
  return answer.status === 'success' ? String(answer.result) : answer.status;
};

say('discover:');
for (const found of await host.discover(join(folder, 'installed')))
  say(
    found.ok
      ? `  ${found.id} ${found.info.version} is loaded, ${found.info.tier}`
      : `  ${found.id} is refused: ${found.code} at ${found.path}`,
  );
const [memory] = host.get('demo.greeter')?.quotas.filter(({ quota }) => quota === 'memory') ?? [];
say(`  its memory: at most ${memory?.limit} bytes, ${memory?.enforcement}`);

// A call is under way when the next version comes: it ends in the old one, and the state goes over.
const underWay = hello('Ada');
const next = await readPackage(join(folder, 'greeter-2'));
const reloading = next.ok ? host.reload({ files: next.files }) : undefined;
slow.resolve();
say(`call:     ${await underWay}`);
const reloaded = await reloading;
say(
  `reload:   ${reloaded?.ok ? `${reloaded.info.version}, generation ${reloaded.info.generation}` : reloaded?.code}`,
);
say(`call:     ${await hello('Ada')}`);
say(`others:   ${(await host.handle({ client: 'a stranger', method: 'greeter.hello' })).status}`);

await host.unload('demo.greeter');
say(`unload:   ${host.list().length} loaded, ${await hello('Ada')}`);
await host[Symbol.asyncDispose]();
say(`left:     ${busy() <= busyBefore ? 'nothing' : 'something'}`);
say(`records:  ${audit.records.map(({ event }) => event).join(', ')}`);
rmSync(folder, { recursive: true });
