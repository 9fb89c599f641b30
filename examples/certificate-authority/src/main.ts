import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accept, monitor, openAuthority } from './authority.ts';

const folder = await mkdtemp(join(tmpdir(), 'certificate-authority-'));
{
  await using authority = await openAuthority(folder);
  const { trust, log } = authority;
  const shown = await authority.issue('shop.example');
  console.log('issued and logged:', accept(shown, 'shop.example', trust));
  const { view } = await monitor(log);

  console.log('for another host:', accept(shown, 'bank.example', trust));
  const secret = await authority.issueInSecret('bank.example');
  console.log('issued in secret:', accept({ der: secret }, 'bank.example', trust));
  console.log(
    "with another one's proof:",
    accept({ der: secret, proof: shown.proof }, 'bank.example', trust),
  );

  await authority.issue('mail.example');
  const { certified } = await monitor(log, view);
  console.log(`the log has ${log.size} entries and only grew; it certified:`);
  for (const line of certified) console.log(`  ${line}`);
}
await rm(folder, { recursive: true, force: true });
