import {
  type ContentRoot,
  decodeRecord,
  encodeRecord,
  type Infer,
  type NodeId,
  record as recordSchema,
  s,
} from '@hypermesh/core';
import type { AssetPackage } from './document/package.ts';
import { encodePackageRecord, recordOf } from './document/record.ts';
import { CatalogError } from './errors.ts';
import type { WorkOptions } from './events.ts';
import { pack } from './pack/pack.ts';
import type { ArtifactSigner, CatalogPorts, IndexValue, OpenedSource, Ordered } from './ports.ts';
import { type IndexRecord, openIndexRecord, signIndexRecord } from './registry/index-record.ts';
import type { Registry } from './registry/registry.ts';

/** A package that is packed, stored, signed and logged here, and not published yet. */
export interface Draft {
  /** `NAME@VERSION`. */
  readonly key: string;
  /** What the operation `package.publish` carries. */
  readonly value: IndexValue;
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly record: ContentRoot;
  readonly content: ContentRoot;
  readonly bytes: number;
  readonly files: number;
  readonly signers: readonly ArtifactSigner[];
  readonly logIndex: number;
  readonly sequence: number;
}

/** What publishing came to. `already` where exactly this was published before. */
export interface PublishResult extends Omit<Draft, 'value'>, Ordered {
  readonly finalized: true;
  /** Other nodes that have the package on their disks. */
  readonly holders: readonly NodeId[];
  readonly copies: number;
  readonly already: boolean;
}

/** What a publisher may add. `attestations` are bundles of further signers over the same package record. */
export interface PackOptions extends WorkOptions {
  readonly attestations?: readonly Uint8Array[];
}

/** What publishing a draft may be told. `proof` is what the caller brings as proof of the operation; else the index makes it. */
export interface PublishOptions extends WorkOptions {
  readonly proof?: unknown;
}

/** Publishing in two steps, so that whoever asks can prove the operation in between. */
export interface Publisher {
  pack(source: OpenedSource, options?: PackOptions): Promise<Draft>;
  /** The draft of `NAME@VERSION` that an earlier `pack` left here. */
  draft(key: string): Promise<Draft | undefined>;
  publish(draft: Draft, options?: PublishOptions): Promise<PublishResult>;
  /** The canonical record that a source gives, for a further signer to sign: the same bytes on every machine. */
  describe(source: OpenedSource, options?: WorkOptions): Promise<Uint8Array>;
}

const root = s.cid<ContentRoot>();
/** What is kept of a draft, so that a publication that was interrupted goes on with the same signatures. */
const keptSchema = recordSchema({
  v: s.literal(1),
  index: s.bytes({ max: 32_768 }),
  signers: s.array(recordSchema({ suite: s.text(64), key: s.text(64) }), 64),
  logIndex: s.uint(),
  files: s.uint(),
  attestations: s.array(root, 16),
});
type Kept = Infer<typeof keptSchema>;

const toldEveryBytes = 1_048_576;

/** Operations of the index are made one after the other: a sequence number belongs to one record. */
export function createPublisher(
  ports: CatalogPorts,
  parts: { readonly registry: Registry; readonly copies: number },
): Publisher {
  const { content, artifacts, index, state, clock } = ports;
  const { registry, copies } = parts;
  let lastWrite: Promise<unknown> = Promise.resolve();

  /** One after the other, whatever became of the one before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = lastWrite.then(work);
    lastWrite = mine.catch(() => undefined);
    return mine;
  }

  async function packRecord(source: OpenedSource, { signal, onEvent }: WorkOptions) {
    const { metadata, spec } = source.package;
    const key = `${metadata.name}@${metadata.version}`;
    onEvent?.({ type: 'packing', package: key });
    const packed = await pack(source.folder, {
      ...(spec.content?.files === undefined ? {} : { files: spec.content.files }),
      ...(spec.content?.entrypoint === undefined ? {} : { entrypoint: spec.content.entrypoint }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!packed.ok) {
      const reason = packed.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
      const next = 'correct the files, or what content.files takes in';
      throw new CatalogError({ code: 'catalog/bad-package', reason, next }, `${key}: ${reason}`);
    }
    const storing = {
      type: 'storing',
      package: key,
      bytes: packed.bytes,
      files: packed.files.length,
    } as const;
    onEvent?.(storing);
    const stream = counted(packed.stream(), (stored) => onEvent?.({ ...storing, stored }));
    const { root: contentRoot } = await content.put(stream, signal === undefined ? {} : { signal });
    const { files, bytes } = packed;
    return { key, ...encodedRecord(source.package, { files, bytes, root: contentRoot }) };
  }

  async function draftOf(
    key: string,
    packed: Awaited<ReturnType<typeof packRecord>>,
    { attestations = [], signal, onEvent }: PackOptions,
  ): Promise<Draft> {
    const options = signal === undefined ? {} : { signal };
    const further = await Promise.all(attestations.map((bundle) => content.put(once(bundle), options)));
    const attestationRoots = further.map((each) => each.root);
    const kept = await keptDraft(key);
    const goesOn =
      kept !== undefined &&
      kept.index.digest === packed.digest &&
      kept.index.sequence === (await nextSequence()) &&
      kept.kept.attestations.join() === attestationRoots.join();
    if (goesOn) return draftFrom(key, kept.kept, kept.index);
    onEvent?.({ type: 'signing', package: key });
    const signed = await artifacts.sign(packed.bytes, options);
    const [record, bundle] = await Promise.all([
      content.put(once(packed.bytes), options),
      content.put(once(signed.bundle), options),
    ]);
    const signers = [...signed.signers, ...(await signersOf(attestations, packed.bytes))];
    const { name, version, type, description, tags, dependencies, bytes, root, files } = packed.record;
    const body: IndexRecord = {
      v: 1,
      name,
      version,
      type,
      description: firstBytes(description, 1024),
      tags,
      sequence: await nextSequence(),
      digest: packed.digest,
      record: record.root,
      bundles: [bundle.root, ...attestationRoots],
      content: root,
      bytes,
      dependencies: dependencies
        .filter(({ kind }) => kind !== 'build')
        .map((each) => ({
          name: each.name,
          range: each.range,
          optional: each.optional,
        })),
      publishedMs: clock.nowMs(),
    };
    const draft: Kept = {
      v: 1,
      index: await signIndexRecord(body, artifacts),
      signers,
      logIndex: signed.logIndex,
      files: files.length,
      attestations: attestationRoots,
    };
    await state.put(`draft/${key}`, encodeRecord(keptSchema, draft));
    return draftFrom(key, draft, body);
  }

  async function signersOf(attestations: readonly Uint8Array[], bytes: Uint8Array) {
    const signers: ArtifactSigner[] = [];
    for (const bundle of attestations) {
      const verdict = await artifacts.verify(bundle, bytes);
      if (!verdict.ok) {
        const next = 'have the further signer sign the record that describe() gives';
        const reason = `an attestation does not hold: ${verdict.reason}`;
        throw new CatalogError({ code: 'catalog/bad-package', reason, next }, reason);
      }
      signers.push(...verdict.signers);
    }
    return signers;
  }

  async function keptDraft(key: string) {
    const bytes = await state.get(`draft/${key}`);
    const decoded = bytes === undefined ? undefined : decodeRecord(keptSchema, bytes);
    if (!decoded?.ok) return undefined;
    const opened = openIndexRecord(decoded.value.index);
    return opened.ok ? { kept: decoded.value, index: opened.record } : undefined;
  }

  async function nextSequence(): Promise<number> {
    const { sequences } = await registry.snapshot();
    return (sequences.get(artifacts.self.node)?.highest ?? 0) + 1;
  }

  /** What the index has under a key, if it is exactly this; throws where it is something else. */
  async function publishedAs(key: string, digest: string) {
    const entry = await index.get(key);
    if (entry === undefined) return undefined;
    const opened = openIndexRecord(entry.record);
    const isThis = opened.ok && opened.record.digest === digest && entry.publisher === artifacts.self.node;
    if (isThis) return { entry, record: opened.record };
    const next = 'a published version stays as it is: raise the version';
    throw new CatalogError(
      { code: 'catalog/version-exists', package: key, next },
      `${key} is published already`,
    );
  }

  /** The draft under the next free sequence number: another package may have been published since it was packed. */
  async function inSequence(draft: Draft, isProven: boolean): Promise<Draft> {
    const sequence = await nextSequence();
    if (sequence === draft.sequence) return draft;
    if (isProven) {
      const [leg, reason, next] = ['binding', 'stale-sequence', 'pack again and prove that'];
      throw new CatalogError(
        { code: 'catalog/proof-refused', leg, reason, next },
        `${draft.key} was packed as record ${draft.sequence}, and the next one is ${sequence}`,
      );
    }
    const index = await signIndexRecord({ ...recordIn(draft), sequence }, artifacts);
    const kept = await keptDraft(draft.key);
    if (kept !== undefined) {
      await state.put(`draft/${draft.key}`, encodeRecord(keptSchema, { ...kept.kept, index }));
    }
    return { ...draft, sequence, value: { index } };
  }

  /** Nodes that hold all of a package: who took its content is asked first to take the rest. */
  async function replicate(record: IndexRecord, { signal }: WorkOptions): Promise<readonly NodeId[]> {
    if (copies === 0) return [];
    const others = [record.record, ...record.bundles];
    for (let asked = copies; ; asked++) {
      const options = { copies: asked, ...(signal === undefined ? {} : { signal }) };
      const first = await content.replicate(record.content, options);
      const rest = await Promise.all(
        others.map((root) => content.replicate(root, { ...options, prefer: first })),
      );
      const whole = first.filter((node) => rest.every((holders) => holders.includes(node)));
      if (whole.length >= copies) return whole;
    }
  }

  return {
    async pack(source, options = {}) {
      const packed = await packRecord(source, options);
      const { key } = packed;
      // What is published already needs no further signature.
      const before = await publishedAs(key, packed.digest);
      if (before !== undefined) {
        const { signers = [], logIndex = 0 } = (await keptDraft(key))?.kept ?? {};
        const files = packed.record.files.length;
        return draftFrom(key, { index: before.entry.record, signers, logIndex, files }, before.record);
      }
      return inTurn(() => draftOf(key, packed, options));
    },

    async draft(key) {
      const found = await keptDraft(key);
      return found === undefined ? undefined : draftFrom(key, found.kept, found.index);
    },

    publish: (draft, options = {}) =>
      inTurn(async () => {
        const { signal, onEvent, proof } = options;
        const { key, digest } = draft;
        onEvent?.({ type: 'replicating', package: key, copies });
        const holders = await replicate(recordIn(draft), options);
        const before = await publishedAs(key, digest);
        const current = before === undefined ? await inSequence(draft, proof !== undefined) : draft;
        if (before === undefined) onEvent?.({ type: 'ordering', package: key, operation: 'package.publish' });
        const ordered =
          before === undefined
            ? await index.publish({
                key,
                value: current.value,
                ...(proof === undefined ? {} : { proof }),
                ...(signal === undefined ? {} : { signal }),
              })
            : { operation: '', height: before.entry.height, provingMs: 0, finalityMs: 0 };
        const { value: _, ...told } = current;
        return {
          ...told,
          ...ordered,
          finalized: true,
          holders,
          copies: holders.length,
          already: before !== undefined,
        };
      }),

    async describe(source, options = {}) {
      return (await packRecord(source, options)).bytes;
    },
  };
}

/** The same bytes; `tell` hears how many have passed, after each megabyte. */
async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  tell: (passed: number) => void,
): AsyncGenerator<Uint8Array> {
  let passed = 0;
  let told = 0;
  for await (const piece of bytes) {
    yield piece;
    passed += piece.length;
    if (passed - told < toldEveryBytes) continue;
    told = passed;
    tell(passed);
  }
}

function encodedRecord(document: AssetPackage, packed: Parameters<typeof recordOf>[1]) {
  const record = recordOf(document, packed);
  return { record, ...encodePackageRecord(record) };
}

function draftFrom(
  key: string,
  kept: Pick<Kept, 'index' | 'signers' | 'logIndex' | 'files'>,
  record: IndexRecord,
): Draft {
  const { name, version, digest, content, bytes, sequence } = record;
  const { index, signers, logIndex, files } = kept;
  return {
    key,
    value: { index },
    name,
    version,
    digest,
    record: record.record,
    content,
    bytes,
    files,
    signers,
    logIndex,
    sequence,
  };
}

function recordIn({ value }: Draft): IndexRecord {
  const signed = value['index'];
  const opened = signed instanceof Uint8Array ? openIndexRecord(signed) : undefined;
  if (opened?.ok) return opened.record;
  throw new CatalogError(
    { code: 'catalog/bad-argument', argument: 'draft', expected: 'what pack() gave' },
    'publish wants a draft as pack() gave it',
  );
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The beginning of a text, in at most so many bytes of UTF-8, no character cut. */
function firstBytes(text: string, most: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > most) break;
    end += character.length;
  }
  return text.slice(0, end);
}
