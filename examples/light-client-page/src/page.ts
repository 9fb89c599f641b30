import { fromHex } from '@hypermesh/core';
import { checkFinality, tampered } from './check.ts';

const form = document.querySelector('form') as HTMLFormElement;
const list = document.querySelector('ol') as HTMLOListElement;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const given = new FormData(form);
  const genesis = await bytesOf(given.get('genesis') as File);
  const read = await proofIn(given.get('proof') as File);
  const proof = (event.submitter as HTMLButtonElement).name === 'tamper' ? tampered(read) : read;
  const steps = checkFinality(String(given.get('chain')).trim(), genesis, proof);
  list.replaceChildren(
    ...steps.map(({ ok, text }) =>
      Object.assign(document.createElement('li'), { textContent: `${ok ? '✓' : '✗'} ${text}` }),
    ),
  );
});

async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

/** The bytes of a proof, or those in the JSON that a node answers: `{ "proof": "hex" }`. */
async function proofIn(file: File): Promise<Uint8Array> {
  const bytes = await bytesOf(file);
  try {
    const read = fromHex((JSON.parse(new TextDecoder().decode(bytes)) as { proof: string }).proof);
    return read.ok ? read.bytes : bytes;
  } catch {
    return bytes; // no JSON: the proof itself
  }
}
