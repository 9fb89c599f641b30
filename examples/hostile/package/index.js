/** Never ends: the fuel does. */
export const spin = () => {
  for (;;);
};

/** Never ends either, and never returns to its caller. */
export const microtasks = async () => {
  for (;;) await 0;
};

/** Takes all memory that there is. */
export const bomb = () => {
  const held = [];
  for (;;) held.push(new ArrayBuffer(2 ** 20));
};

/** Looks for the files of the machine that it runs on. */
export const steal = async () => {
  const { readFileSync } = await import('node:fs');
  return readFileSync('/etc/passwd', 'utf8');
};

/** Behaves. */
// biome-ignore lint/style/noDefaultExport: what a mesh calls of a script is its default export
export default () => 'nothing to see here';
