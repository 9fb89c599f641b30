export { createTestHost, type TestHost, type TestHostOptions } from './host.ts';
export { signedPackage, type TestPackage, type TestSigner, testSigner } from './package.ts';
