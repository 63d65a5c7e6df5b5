// What is known of a request: how it came in, and what its caller may see.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { YogaInitialContext } from 'graphql-yoga';

/** A request as Yoga took it in, in Node. */
export interface Arrival extends YogaInitialContext {
  req: IncomingMessage;
  res: ServerResponse;
}

export interface Context extends Arrival {
  /** Those of these workspaces, at most 100, that the caller sees. */
  visible(workspaceIds: string[]): Promise<Set<string>>;
}
