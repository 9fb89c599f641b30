import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { routes } from '../src/routes/table.ts';
import { openApi } from '../src/table/open-api.ts';
import { route } from '../src/table/route.ts';
import { object, text } from '../src/table/shapes.ts';

const document = () =>
  JSON.parse(JSON.stringify(openApi({ version: '1.2.3', routes, url: 'http://[::1]:1' }))) as {
    openapi: string;
    paths: Record<
      string,
      Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>
    >;
    components: { schemas: Record<string, unknown> };
  };

describe('the OpenAPI document', () => {
  it('is one, as an independent validator of OpenAPI 3.1 finds [node-04]', async () => {
    const validator = new Validator();
    expect(await validator.validate(document())).toMatchObject({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('would not pass that validator with a fault in it', async () => {
    const broken = document();
    broken.paths['/v1/status'] = {
      get: { operationId: 'status', parameters: [{ name: 'x', in: 'nowhere' }] },
    };
    expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
  });

  it('lists every route once, by its id, with where each parameter goes', () => {
    const operations = Object.entries(document().paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ operationId, path, method })),
    );
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [id, { method, path }] of Object.entries(routes))
      expect(operations).toContainEqual({ operationId: id, path, method: method.toLowerCase() });
    const besides = ids.filter((id) => !Object.hasOwn(routes, id)).sort();
    expect(besides).toEqual(['events', 'health', 'openapi', 'prometheus', 'ready']);
    expect(document().paths['/v1/packages/{spec}/runners']?.['get']?.parameters).toMatchObject([
      { name: 'spec', in: 'path' },
      { name: 'fuel', in: 'query' },
      { name: 'memoryPages', in: 'query' },
      { name: 'deadlineMs', in: 'query' },
    ]);
  });

  it('takes routes that come and go, with a body of their own shape', async () => {
    const call = route({
      method: 'POST',
      path: '/v1/extensions/an.extension/call/greet',
      summary: 'Greet',
      input: object({ input: object({ name: text() }) }),
      output: object({}),
      body: 'input',
    });
    const made = JSON.parse(
      JSON.stringify(openApi({ version: '1', routes: { ...routes, 'an.extension:greet': call } })),
    );
    expect(await new Validator().validate(made)).toMatchObject({ valid: true });
    expect(made.paths[call.path].post.requestBody.content['application/json'].schema.required).toEqual([
      'name',
    ]);
  });
});
