import { readFileSync } from 'node:fs';
import { headerHash } from '@hypermesh/consensus';
import { decodeFinalityProof, verifyFinality } from '@hypermesh/consensus/light';
import { toHex } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import { openGenesis } from '../mesh/founding.ts';
import type { Invocation } from './command.ts';
import { directoryOf } from './control.ts';

/** Checks the proof in a file against a genesis: no node is asked. */
export function verifyProofFile(invocation: Invocation): object {
  const { positionals, flags, output } = invocation;
  const [file = ''] = positionals;
  const genesisFile =
    typeof flags['genesis'] === 'string' ? flags['genesis'] : directoryOf(invocation).genesis;
  const { genesis, chainId } = openGenesis(read(genesisFile, '--genesis'), genesisFile);
  const members = genesis.members.filter(({ validator }) => validator);
  const trust = { chain: chainId, validators: members.map(({ key }) => ({ publicKey: key })) };
  const decoded = decodeFinalityProof(read(file, 'FILE'));
  const verdict = decoded.ok ? verifyFinality(decoded.proof, trust) : decoded;
  if (!verdict.ok || !decoded.ok) {
    const { reason } = verdict as { readonly reason: string };
    output.line(`The proof does not hold: ${reason}`, 'bad');
    return { ok: false, chain: chainId, reason };
  }
  const { header, certificate, inclusion, descendants } = decoded.proof;
  const { height, timeMs } = header;
  const hash = toHex(headerHash(header));
  const signers = certificate.signers.map((index) => members[index]?.name ?? `validator ${index}`);
  output.line(`Block ${height} of ${chainId} is final`, 'good');
  output.line(`  ${new Date(timeMs).toISOString()}  ${hash}`);
  output.line(`  signed by ${signers.join(', ')}: ${signers.length} of ${members.length} validators`);
  const within =
    inclusion === undefined
      ? {}
      : {
          operation: { index: inclusion.txIndex, of: inclusion.txCount, leafHash: toHex(inclusion.leafHash) },
        };
  if (inclusion !== undefined)
    output.line(
      `  it holds transaction ${inclusion.txIndex} of ${inclusion.txCount}: ${toHex(inclusion.leafHash)}`,
    );
  return {
    ok: true,
    chain: chainId,
    height,
    hash,
    timeMs,
    signers,
    descendants: descendants.length,
    ...within,
  };
}

function read(path: string, flag: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new NodeError(
      { code: 'node/bad-flag', flag, next: 'give the path of a file that this user can read' },
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
