/** What lending memory needs of the node's memory asset: room that nobody else has been promised. */
export interface MemoryClaims {
  /** Claims bytes for a time. Throws NodeError where the owner's policy or the machine has no room. */
  claim(bytes: number, durationMs: number): Promise<{ release(): Promise<void> }>;
}
