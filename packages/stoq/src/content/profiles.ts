/** How content is cut: least, normal and largest chunk, bytes, all powers of two. */
export interface ChunkProfile {
  readonly name: ChunkerName;
  readonly min: number;
  readonly normal: number;
  readonly max: number;
}

/** What a manifest calls its chunker. A name never changes its meaning: other sizes or another table get another name. */
export type ChunkerName = 'fastcdc-16k/1' | 'fastcdc-256k/1';

/** What is cut: `package` finely, so that versions share chunks; `stream` coarsely, for throughput. */
export type ContentProfile = 'package' | 'stream';

const KIB = 1024;

/** The two profiles by what they are for. */
export const PROFILES: Readonly<Record<ContentProfile, ChunkProfile>> = {
  package: { name: 'fastcdc-16k/1', min: 4 * KIB, normal: 16 * KIB, max: 64 * KIB },
  stream: { name: 'fastcdc-256k/1', min: 64 * KIB, normal: 256 * KIB, max: 1024 * KIB },
};

/** The profile of a chunker's name. */
export function profileNamed(name: ChunkerName): ChunkProfile {
  return name === PROFILES.package.name ? PROFILES.package : PROFILES.stream;
}
