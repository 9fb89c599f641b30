import assert from 'node:assert/strict';
import { type Channel, maxFrameBytes } from '../channel.ts';

/** One promise of a port, checked by running it with any test runner. */
export interface ComplianceCase {
  readonly name: string;
  run(): Promise<void>;
}

/** Two joined ends of a channel that loses nothing, and how to let go of what carries it. */
export interface ChannelSubject {
  readonly client: Channel;
  readonly home: Channel;
  dispose(): Promise<void>;
}

interface Heard {
  readonly frames: Uint8Array[];
  closes: number;
  next(done: (heard: Heard) => boolean): Promise<void>;
}

function listen(channel: Channel): Heard {
  const waiting: { done: (heard: Heard) => boolean; resolve: () => void }[] = [];
  const look = () => {
    for (const entry of [...waiting]) {
      if (!entry.done(heard)) continue;
      waiting.splice(waiting.indexOf(entry), 1);
      entry.resolve();
    }
  };
  const heard: Heard = {
    frames: [],
    closes: 0,
    next: (done) =>
      new Promise((resolve) => {
        waiting.push({ done, resolve });
        look();
      }),
  };
  channel.start({
    frame(bytes) {
      heard.frames.push(bytes);
      look();
    },
    closed() {
      heard.closes += 1;
      look();
    },
  });
  return heard;
}

const pattern = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >> 8)) & 0xff);

/** The promises of the `Channel` port. */
export function channelCompliance(create: () => Promise<ChannelSubject>): readonly ComplianceCase[] {
  const withSubject =
    (check: (subject: ChannelSubject) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const subject = await create();
      try {
        await check(subject);
      } finally {
        await subject.dispose();
      }
    };
  return [
    {
      name: 'frames of every size arrive whole and unaltered, both ways',
      run: withSubject(async ({ client, home }) => {
        const sizes = [1, 2, 3, 4, 5, 255, 256, 4096, 65_535, 65_536, 65_537, maxFrameBytes];
        const sides: readonly [Channel, Heard][] = [
          [client, listen(home)],
          [home, listen(client)],
        ];
        for (const [sender, heard] of sides) {
          for (const [index, size] of sizes.entries()) await sender.send(pattern(size, index));
          await heard.next(({ frames }) => frames.length === sizes.length);
          const expected = sizes.map((size, index) => pattern(size, index));
          const order = (a: Uint8Array, b: Uint8Array) => a.length - b.length;
          for (const [index, frame] of [...heard.frames].sort(order).entries())
            assert.ok(Buffer.compare(frame, expected[index] ?? new Uint8Array()) === 0);
        }
      }),
    },
    {
      name: 'frames that came before anybody listened are delivered then, on either side',
      run: withSubject(async ({ client, home }) => {
        for (const [sender, receiver] of [
          [client, home],
          [home, client],
        ] as const) {
          for (let index = 0; index < 3; index += 1) await sender.send(pattern(300, index));
          for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          const heard = listen(receiver);
          await heard.next(({ frames }) => frames.length === 3);
          assert.deepEqual(
            heard.frames.map((frame) => [...frame]),
            [0, 1, 2].map((index) => [...pattern(300, index)]),
          );
        }
      }),
    },
    {
      name: 'many small frames sent in one turn stay frames of their own',
      run: withSubject(async ({ client, home }) => {
        const heard = listen(home);
        listen(client);
        for (let index = 0; index < 500; index += 1) void client.send(pattern(1 + (index % 40), index));
        await heard.next(({ frames }) => frames.length === 500);
        const lengths = heard.frames.map(({ length }) => length).sort((a, b) => a - b);
        assert.deepEqual(
          lengths,
          Array.from({ length: 500 }, (_, index) => 1 + (index % 40)).sort((a, b) => a - b),
        );
      }),
    },
    {
      name: 'a sender that has to wait for room gets it while the other end reads',
      run: withSubject(async ({ client, home }) => {
        const heard = listen(home);
        listen(client);
        for (let index = 0; index < 24; index += 1) await client.send(pattern(512 * 1024, index));
        await heard.next(({ frames }) => frames.length === 24);
      }),
    },
    {
      name: 'a frame of no bytes or of more than the bound is refused at the sender',
      run: withSubject(async ({ client, home }) => {
        const heard = listen(home);
        listen(client);
        for (const size of [0, maxFrameBytes + 1])
          assert.throws(() => client.send(new Uint8Array(size)), { code: 'proxy-nat/channel' });
        await client.send(pattern(3, 1));
        await heard.next(({ frames }) => frames.length === 1);
      }),
    },
    {
      name: 'closing either end tells both ends once, after the frames sent before',
      run: withSubject(async ({ client, home }) => {
        const [near, far] = [listen(client), listen(home)];
        await client.send(pattern(70_000, 1));
        client.close();
        client.close();
        await far.next(({ closes }) => closes === 1);
        await near.next(({ closes }) => closes === 1);
        assert.equal(far.frames.length, 1);
        assert.equal(client.send(pattern(5, 2)), undefined);
        home.close();
        assert.deepEqual([near.closes, far.closes], [1, 1]);
      }),
    },
  ];
}
