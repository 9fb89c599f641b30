#!/usr/bin/env node
// Old syntax and no static import: this file must run on any Node, to say which one is needed.
var needed = [24, 15];
var found = process.versions.node.split('.').map(Number);

// A daemon lives for long on a machine that is somebody's: glibc gives freed memory back only when it is told to as
// the process begins, so the process begins again, in place. It lowers what plotting and proving leave resident.
var lean = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '65536' };
var isDaemon = process.argv[2] === 'up' && process.platform === 'linux';
if (isDaemon && process.execve && process.env.MALLOC_ARENA_MAX === undefined) {
  process.removeAllListeners('warning').on('warning', (warning) => {
    if (!/execve/.test(warning.message)) console.error(String(warning));
  });
  lean.NODE_OPTIONS = `--max-semi-space-size=2 ${process.env.NODE_OPTIONS || ''}`;
  process.execve(
    process.execPath,
    [process.execPath].concat(process.execArgv, process.argv.slice(1)),
    Object.assign({}, process.env, lean),
  );
}

if (found[0] > needed[0] || (found[0] === needed[0] && found[1] >= needed[1])) {
  import('node:v8')
    .then((v8) => {
      // V8 lets a small heap grow to a multiple of what lives in it before it looks again: half as much more is enough.
      if (isDaemon) v8.setFlagsFromString('--heap-growing-percent=50');
      return import('../dist/main.js');
    })
    .then((cli) => cli.main(process.argv.slice(2)))
    .catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
} else {
  console.error(
    'hypermesh needs Node.js ' +
      needed.join('.') +
      ' or newer; this is ' +
      process.versions.node +
      '.\n' +
      'Update Node.js, or let npm bring one for this command:\n' +
      '  npx -y -p node@24 -- node ' +
      process.argv
        .slice(1)
        .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`))
        .join(' '),
  );
  process.exitCode = 1;
}
