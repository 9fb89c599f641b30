import { checkDocstrings } from './check/docstrings.ts';
import { checkDomains } from './check/domains.ts';
import { type Finding, formatFinding } from './check/finding.ts';
import { checkFixedPackages } from './check/fixed-packages.ts';
import { checkLayers } from './check/layers.ts';
import { checkLinks } from './check/links.ts';
import { checkManifests } from './check/manifests.ts';
import { checkReadmes } from './check/readme.ts';
import { checkSizes, measureSizes } from './check/sizes.ts';
import { checkWords } from './check/words.ts';
import { openWorkspace, type Workspace } from './check/workspace.ts';
import { ROOT } from './root.ts';
import { requireNode } from './run/node-version.ts';

const CHECKS: Readonly<Record<string, (workspace: Workspace) => Finding[]>> = {
  'manifests agree': checkManifests,
  'imports keep to their layer': checkLayers,
  'files are 400 lines at most': checkSizes,
  'READMEs keep their order': checkReadmes,
  'links of documents lead somewhere': checkLinks,
  'exports have docstrings': checkDocstrings,
  'domain strings are unique': checkDomains,
  'fixed packages are at work': checkFixedPackages,
  'nothing names one workplace': checkWords,
};

requireNode();
const workspace = openWorkspace(ROOT);
let failed = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  const findings = check(workspace);
  console.log(`${findings.length === 0 ? 'ok    ' : 'failed'} ${name}`);
  for (const finding of findings) console.log(`       ${formatFinding(finding)}`);
  if (findings.length > 0) failed += 1;
}
const { files, median, p90, longest } = measureSizes(workspace);
console.log(
  `source files: ${files}, lines: median ${median} (aim 100), p90 ${p90} (aim 250), longest ${longest?.lines} (${longest?.file})`,
);
process.exitCode = failed === 0 ? 0 : 1;
