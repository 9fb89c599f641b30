import { defineExtension, op } from '@hypermesh/extension-sdk';

export const extension = defineExtension({
  id: 'demo.greeter',
  state: { version: 1, initial: () => ({ greeted: 0 }) },
  ops: {
    'greeter.hello': op({
      needs: ['storage:read'],
      async run(name, ctx) {
        const word = await ctx.caps['storage:read'].get('greeting');
        ctx.state = { greeted: ctx.state.greeted + 1 };
        return `${word}, ${name} (${ctx.state.greeted})`;
      },
    }),
  },
});
