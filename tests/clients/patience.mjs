/** How long a condition may take to come true; reached only when something is wrong. */
export const PATIENCE_MS = 30_000;
