import { defineExtension, op } from '@hypermesh/extension-sdk';

export const extension = defineExtension({
  id: 'demo.greeter',
  state: { version: 2, initial: () => ({ count: 0 }), migrate: (old) => ({ count: old.greeted }) },
  ops: {
    'greeter.hello': op({
      needs: ['storage:read'],
      async run(name, ctx) {
        const word = await ctx.caps['storage:read'].get('greeting');
        ctx.state = { count: ctx.state.count + 1 };
        return `${word} again, dear ${name} (${ctx.state.count})`;
      },
    }),
  },
});
