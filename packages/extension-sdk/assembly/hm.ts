// What the host offers, under the name of this file.

export declare function log(pointer: usize, length: i32): void;
