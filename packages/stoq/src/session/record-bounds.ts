/** Most plain bytes of one record. */
export const RECORD_BYTES = 256 * 1024;
