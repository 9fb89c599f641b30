import { s } from '@hypermesh/core';

/** The attributes of an asset in the form that every node reads, whatever it knows of the kind. */
export const anyAttributes = s.map(
  s.union(s.text(1024), s.uint(), s.bool(), s.bytes({ max: 1024 }), s.array(s.text(256), 64)),
  64,
  64,
);
