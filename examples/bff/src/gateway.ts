// The stitched schema for the frontend.

import { stitchSchemas } from '@graphql-tools/stitch';
import { filterSchema } from '@graphql-tools/utils';
import { billing } from './billing.js';
import { connectToUserProfile } from './userprofile.js';

export async function makeGateway(url: string) {
  const { subschema, visible } = await connectToUserProfile(url);
  // If both describe a type, the last description is used.
  const stitched = stitchSchemas({ subschemas: [billing, subschema] });
  return { schema: filterSchema({ schema: stitched, rootFieldFilter: isPublic }), visible };
}

function isPublic(_operation: unknown, name = ''): boolean {
  return !name.startsWith('_');
}
