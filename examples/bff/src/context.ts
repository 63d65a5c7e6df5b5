// The context of a request: the HTTP request, and what its caller may see.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { YogaInitialContext } from 'graphql-yoga';

/** A request as Yoga receives it in Node. */
export interface Arrival extends YogaInitialContext {
  req: IncomingMessage;
  res: ServerResponse;
}

export interface Context extends Arrival {
  /** Which of these workspaces, at most 100, the caller can see. */
  visible(workspaceIds: string[]): Promise<Set<string>>;
}
