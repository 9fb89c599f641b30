import { type ContentRoot, cidOf, fromUtf8, utf8 } from '@hypermesh/core';
import { describe, expect, test } from 'vitest';
import {
  createFromTemplate,
  describePackage,
  folderFromMap,
  PACKAGE_TYPES,
  pack,
  parsePackage,
  recordOf,
  type TemplateParameters,
} from '../src/index.ts';

function documentIn(files: Readonly<Record<string, Uint8Array>>): string {
  const text = fromUtf8(files['catalog.yaml'] as Uint8Array);
  return text.ok ? text.text : '';
}

describe('a template', () => {
  test.each(PACKAGE_TYPES)(
    'of %s gives a package that its own checks take, packed and as a record [catalog-07]',
    async (type) => {
      const files = createFromTemplate({
        type,
        name: '@me/new-thing',
        description: 'Says "hello": # and more',
      });
      const parsed = parsePackage(documentIn(files), { strict: true });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
      expect(parsed.warnings).toEqual([]);
      expect(parsed.package.spec.type).toBe(type);
      const { content } = parsed.package.spec;
      const packed = await pack(folderFromMap(files), {
        files: content?.files ?? [],
        ...(content?.entrypoint === undefined ? {} : { entrypoint: content.entrypoint }),
      });
      if (!packed.ok) throw new Error(JSON.stringify(packed.problems));
      const root = cidOf(utf8('content'), 'dag-cbor', 'blake3-256') as ContentRoot;
      expect(recordOf(parsed.package, { ...packed, root })).toMatchObject({ type, name: '@me/new-thing' });
    },
  );

  test('of vm.wasm holds a module that an engine takes', () => {
    const files = createFromTemplate({ type: 'vm.wasm', name: 'echo' });
    expect(WebAssembly.validate(new Uint8Array(files['main.wasm'] as Uint8Array))).toBe(true);
  });

  test.each<[string, Partial<TemplateParameters>]>([
    ['a name with capitals', { name: 'Thing' }],
    ['a version of two numbers', { version: '1.0' }],
    ['a part of a byte', { memoryMb: 1e-7 }],
    ['less than nothing', { cpuCores: -1 }],
    ['a thousandth of a thousandth', { cpuCores: 0.000_001 }],
    ['a type of its own', { type: 'vm.java' as TemplateParameters['type'] }],
    ['a name that ends its line', { name: 'x"\nkind: "y' }],
  ])('is not filled with %s', (_, parameters) => {
    expect(() => createFromTemplate({ type: 'vm.wasm', name: 'thing', ...parameters })).toThrowError(
      expect.objectContaining({ code: 'catalog/bad-argument' }),
    );
  });
});

describe('the page of a package', () => {
  test('says what it is, asks for, needs and holds [catalog-07]', () => {
    const parsed = parsePackage(`
apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: tool, version: 1.0.0, tags: [fast], license: MIT, authors: ["A | B <script>"] }
spec:
  description: "Does *things*"
  type: vm.wasm
  content: { entrypoint: main.wasm }
  resources: { cpu_cores: 1.5, memory_mb: 1536, gpu_type: CUDA, gpu_memory_mb: 8192, network_bandwidth_mbps: 100 }
  execution: { gpu_required: true, distributed: true, min_nodes: 3, max_nodes: 10, persistent_storage: true, storage_mb: 10 }
  dependencies: [{ name: base, version: ">=1.0.0" }, { name: data, version: "*", kind: data, optional: true }]
`);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const files = [
      { path: 'a_b.txt', size: 10, executable: false },
      { path: 'main.wasm', size: 2048, executable: false },
    ];
    const root = cidOf(utf8('content'), 'dag-cbor', 'blake3-256') as ContentRoot;
    expect(describePackage(recordOf(parsed.package, { files, bytes: 2058, root }))).toMatchInlineSnapshot(`
      "# tool 1.0.0

      Does \\*things\\*

      | | |
      |---|---|
      | type | vm.wasm |
      | starts with | main.wasm |
      | CPU | 1.5 cores |
      | memory | 1.5 GiB |
      | storage | 10 MiB, kept |
      | network | 100 Mbit/s |
      | GPU | CUDA, 8 GiB |
      | nodes | 3 to 10 |
      | licence | MIT |
      | authors | A &#124; B &lt;script&gt; |
      | tags | fast |

      ## Needs

      - base &gt;=1.0.0
      - data \\* (data), optional

      ## Files

      2 files, 2 KiB

      - a\\_b.txt (10 B)
      - main.wasm (2 KiB)
      "
    `);
  });
});
