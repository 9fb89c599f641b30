import { askTrust } from '../sign/verify.ts';
import type { ExtensionHostOptions } from './ports.ts';
import type { Slot } from './slot.ts';

/**
 * Why the signer of an extension is not believed now; undefined where it is. A verifier that cannot tell changes
 * nothing, nor does a certificate that has run out since: it was valid when the extension was loaded.
 */
export async function disbelief(
  slot: Slot,
  { trust, policy }: Pick<ExtensionHostOptions, 'trust' | 'policy'>,
): Promise<string | undefined> {
  const { verified, engine } = slot.serving();
  const verdict = await askTrust(trust, verified.signed);
  if (engine === 'host' && !policy.pinned.includes(verified.signer.signer))
    return 'the signer is refused: not-pinned';
  if (verdict.ok || verdict.reason === 'trust-unavailable' || verdict.reason === 'expired') return undefined;
  return `the signer is refused: ${verdict.reason}`;
}
