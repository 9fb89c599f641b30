export { topicNames, topics } from '../events/topics.ts';
export { keywords, type Misfit, misfitOf, type Schema } from '../table/check.ts';
export { type OpenApiOptions, openApi } from '../table/open-api.ts';
export { type AnyRoute, type Method, type Route, route } from '../table/route.ts';
export * as shapes from '../table/shapes.ts';
export { Type } from '../table/type.ts';
export { type Input, type Result, type RouteId, routes } from './table.ts';
