#!/usr/bin/env node
// Old syntax and no static import: this file must run on any Node, to say which one is needed.
var needed = [24, 15];
var found = process.versions.node.split('.').map(Number);
if (found[0] > needed[0] || (found[0] === needed[0] && found[1] >= needed[1])) {
  import('../dist/main.js')
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
      process.argv.slice(1).join(' '),
  );
  process.exitCode = 1;
}
