import { requireNode } from './run/node-version.ts';
import { runTests } from './run/run-tests.ts';

requireNode();
console.log('Runs the long simulations (10^6 views and more): 20 to 60 minutes on two cores.');
process.env['HYPERMESH_SIM'] = 'long';
const packages = process.argv.slice(2);
process.exitCode = await runTests({ projects: ['sim'], packages, isWhole: false });
