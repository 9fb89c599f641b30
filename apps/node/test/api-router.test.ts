import { type AnyRoute, type Method, route, shapes } from '@hypermesh/client/routes';
import { describe, expect, it } from 'vitest';
import { createRouter, isRoutable, type Named } from '../src/api/router.ts';

const named = (line: string): Named<undefined> => {
  const [method = '', path = ''] = line.split(' ');
  const { object } = shapes;
  const of: AnyRoute = route({
    ...{ method: method as Method, path, summary: 'Test' },
    ...{ input: object({}), output: object({}) },
  });
  return { id: line, route: of, handle: undefined };
};
const router = createRouter(
  [
    'GET /v1/{kind}/{id}',
    'GET /v1/things/{id}',
    'GET /v1/things/first',
    'POST /v1/things/{id}',
    'PUT /v1/{kind}/last',
    'POST /v1/things/{thing}/call/{method}',
    'DELETE /v1/things/{name}/call',
    'GET /v1/constructor/toString',
  ].map(named),
);
const found = (line: string): unknown => {
  const [method = '', path = ''] = line.split(' ');
  const answer = router.find(method, path);
  if (answer === undefined) return undefined;
  return 'allow' in answer ? [...answer.allow].sort().join() : [answer.entry.id, answer.path];
};

describe('the router', () => {
  it.each([
    ['GET /v1/things/first', 'GET /v1/things/first', {}],
    ['HEAD /v1/things/first', 'GET /v1/things/first', {}],
    ['GET /v1/things/second', 'GET /v1/things/{id}', { id: 'second' }],
    ['GET /v1/others/first', 'GET /v1/{kind}/{id}', { kind: 'others', id: 'first' }],
    ['PUT /v1/things/last', 'PUT /v1/{kind}/last', { kind: 'things' }],
    ['POST /v1/things/first', 'POST /v1/things/{id}', { id: 'first' }],
    ['GET /v1/constructor/toString', 'GET /v1/constructor/toString', {}],
    ['GET /v1/__proto__/__proto__', 'GET /v1/{kind}/{id}', { kind: '__proto__', id: '__proto__' }],
  ])('takes for %s the most fixed one that fits', (line, id, path) => {
    expect(found(line)).toEqual([id, path]);
  });

  it.each([
    ['a%2Fb', 'a/b'],
    ['%2e%2e', '..'],
    [':id', ':id'],
    [':thing', ':thing'],
    ['*', '*'],
    ['{id}', '{id}'],
    ['a?', 'a?'],
    ['a%253Fb', 'a%3Fb'],
    ['%00', '\0'],
    ['@0', '@0'],
    ['%E2%82%AC', '€'],
  ])('gives a parameter %s as one text, whatever it looks like', (segment, text) => {
    expect(found(`GET /v1/things/${segment}`)).toEqual(['GET /v1/things/{id}', { id: text }]);
    const call = `POST /v1/things/${segment}/call/${segment}`;
    expect(found(call)).toEqual(['POST /v1/things/{thing}/call/{method}', { thing: text, method: text }]);
  });

  it.each([
    '',
    '/',
    '/v1',
    '/v1/',
    '/v1/things',
    '//v1/things/first',
    '/v1//first',
    '/v1/things/',
    '/v1/things/first/',
    '/v1/things//call/x',
    '/v1/things/x/call/',
    '/v1/things/%ff',
    '/v1/things/%',
    '/V1/things/first',
    '/v1/things/../things/first',
    `/v1${'/a'.repeat(8_000)}`,
  ])('finds nothing at %s, by any method', (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'ALL', 'constructor'])
      expect(router.find(method, path)).toBeUndefined();
  });

  it('names the methods of a path where another one was asked', () => {
    expect(found('PATCH /v1/things/first')).toBe('GET,HEAD,POST');
    expect(found('ALL /v1/things/last')).toBe('GET,HEAD,POST,PUT');
    expect(found('GET /v1/things/x/call')).toBe('DELETE');
  });

  it('refuses a path that would be a pattern, or that no request could mean', () => {
    for (const segment of [
      ':id',
      '*',
      'a*',
      'a?',
      '{a-b}',
      '{id',
      'a{id}',
      '{id}{id}',
      'a b',
      'a%zz',
      '€',
      'a:b',
    ]) {
      expect(isRoutable(`/v1/${segment}`), segment).toBe(false);
      expect(() =>
        createRouter(
          [named('GET /v1/a')].map((each) => ({ ...each, route: { ...each.route, path: `/v1/${segment}` } })),
        ),
      ).toThrow(TypeError);
    }
    expect(isRoutable('/v1/extensions/org.example.words-2/call/words.count')).toBe(true);
  });
});
