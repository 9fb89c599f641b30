/** Plain data that crosses every tier: JSON, and bytes beside it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** An object of plain data. */
export type JsonObject = { readonly [key: string]: JsonValue };
