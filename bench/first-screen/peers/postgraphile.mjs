// PostGraphile 5 on views of the tables. Only `me` is added to the schema that it derives. Prints its port.
//
// usage: node postgraphile.mjs DATABASE_URL
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { context } from 'postgraphile/grafast';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { extendSchema } from 'postgraphile/utils';
import { findCaller } from './caller.mjs';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 10 });
await pool.query(readFileSync(new URL('views.sql', import.meta.url), 'utf8'));

const MePlugin = extendSchema(({ input: { pgRegistry } }) => ({
  typeDefs: /* GraphQL */ `
    extend type Query {
      me: User
    }
  `,
  objects: {
    Query: {
      plans: { me: () => pgRegistry.pgResources.users.get({ id: context().get('callerId') }) },
    },
  },
}));

const server = createServer();
const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [MePlugin],
  pgServices: [makePgService({ pool, schemas: ['app'] })],
  grafserv: { graphqlPath: '/graphql', graphiql: false },
  grafast: {
    explain: false,
    context: async ({ node }) => ({ callerId: (await findCaller(pool, node?.req.headers.authorization))?.id }),
  },
};
const served = postgraphile(preset).createServ(grafserv);
await served.addTo(server);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
