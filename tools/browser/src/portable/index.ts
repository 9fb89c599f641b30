export {
  filesLeftOut,
  isShell,
  needsNode,
  PORTABLE,
  type PortablePackage,
  portableTests,
} from './packages.ts';
export { BROWSER_PROJECT, type PortableReport, reportPortable } from './report.ts';
