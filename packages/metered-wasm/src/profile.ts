/**
 * The profile that every metered module of this version keeps: which features may occur, what each instruction costs,
 * how deep the stack may grow and how NaN is made canonical. A change of any number below is a new profile, because
 * fuel and traps are part of what a receipt says.
 */
export const PROFILE = 'hm-det-1';

/** Fuel of a call into the host, beside what the host does. */
export const HOST_CALL_FUEL = 64;
/** Fuel of throwing or rethrowing an exception; engines take microseconds to unwind. */
export const THROW_FUEL = 512;
/** Bytes that one unit of fuel moves or fills in memory.fill, .copy and .init, as a shift. */
export const BYTES_PER_FUEL_SHIFT = 3;
/** Fuel of a granted page of memory: 64 KiB at eight bytes a unit. */
export const PAGE_FUEL = 8_192;
/** Fuel of each element that table.fill, .copy, .init or .grow writes, as a shift. */
export const ELEMENT_FUEL_SHIFT = 4;
/** Declared locals that one unit of fuel zeroes at a function's entry, as a shift. */
export const LOCALS_PER_FUEL_SHIFT = 3;

/** Units of stack that a run may have in use at a time; a unit is a slot of eight bytes in an unoptimized frame. */
export const STACK_UNITS = 262_144;
/** Units that a frame takes beside its parameters, locals and operands. */
export const FRAME_UNITS = 12;
/** Units that a chain of calls outside any recursion may take; more is refused when the module is metered. */
export const STATIC_STACK_UNITS = 131_072;

/** Elements that all tables of a module may have together; engines keep them in a heap that ends the process when full. */
export const TABLE_ELEMENTS = 2 ** 20;
/**
 * Weight of control flow: locals and operands that lie open at each instruction where paths part or meet, summed over a
 * function and over a module. A compiler's time, memory and code grow with it, and it is not metered.
 */
export const FLOW_WEIGHT = { inFunction: 2 ** 22, inModule: 2 ** 24 } as const;

/** Bits of the exported state: why something was refused while the guest ran. */
export const STATE = { memoryRefused: 1, tableRefused: 2, stackExceeded: 4, hostMemoryExhausted: 8 } as const;

/** Names of what metering adds to a module's exports. Guests may export nothing that begins with the prefix. */
export const RESERVED_PREFIX = 'hm:';
export const EXPORTS = { fuel: 'hm:fuel', state: 'hm:state', start: 'hm:start' } as const;
/** Name of the custom section that carries the profile. */
export const PROFILE_SECTION = 'hm:metered';
