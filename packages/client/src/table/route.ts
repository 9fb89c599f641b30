import type { Static, TObject, TSchema } from 'typebox';

/** How a route is called over HTTP. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One route of the API: an operation of a node with the schemas of what goes in and what comes out. */
export interface Route<Input extends TObject = TObject, Output extends TSchema = TSchema> {
  readonly method: Method;
  /** Begins with `/v1/`; `{name}` stands for the input of that name, one segment, percent-encoded. */
  readonly path: string;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly description?: string;
  /** One flat object: what the path does not take is the query of GET and DELETE, or the JSON body of POST and PUT. */
  readonly input: Input;
  readonly output: Output;
  /** The field of the input that is the whole JSON body, where it is not made of all that the path does not take. */
  readonly body?: string;
  /** Tells of its progress where the caller accepts `text/event-stream`. */
  readonly progress?: true;
  /** Answers before there is a ledger; others wait for it. */
  readonly early?: true;
  /** Needs the full token although it is a GET: its answer holds secrets. */
  readonly secret?: true;
  /** May be called with the read-only token although it is a POST: it asks and changes nothing. */
  readonly reads?: true;
  /** Makes the node work, or ask others: who only reads may ask for it rarely. */
  readonly heavy?: true;
}

/** Any route. */
export type AnyRoute = Route<TObject, TSchema>;

/** Makes one entry of the table: gives back what it is given, with its types. */
export const route = <const R extends AnyRoute>(entry: R): R => entry;

/** A value as it came from elsewhere: nothing of it may be changed. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** What a route takes. */
export type InputOf<R extends AnyRoute> = Frozen<Static<R['input']>>;
/** What a route answers. */
export type OutputOf<R extends AnyRoute> = Frozen<Static<R['output']>>;
