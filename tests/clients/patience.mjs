/** The time-out of every wait; reached only if something is wrong. */
export const PATIENCE_MS = 30_000;
