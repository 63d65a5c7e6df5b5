// The environment variables that README.md describes.
import { BINARY } from './servers.mjs';

export const ROUNDS = Number(process.env.ROUNDS ?? 10);
export const SECONDS = Number(process.env.SECONDS ?? 1);
export const USERS = Number(process.env.USERS ?? 1000);

/** The builds of the product by name: `before`, if BEFORE names one, and `product`. */
export const BUILDS = { ...(process.env.BEFORE && { before: process.env.BEFORE }), product: BINARY };

/** For each round, the items in an order in which each is first as often as any other. */
export function* turns(items, rounds = ROUNDS) {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < items.length; turn++) yield items[(turn + round) % items.length];
  }
}
