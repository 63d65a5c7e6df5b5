// The page at /graphql: the sign-in box, and GraphiQL below it.

import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { restore } from '../session/session';
import { SignIn } from '../sign-in/SignIn';
import { Explorer } from './Explorer';
import './page.css';

const page = document.getElementById('page');
if (!page) throw new Error('graphiql.html has no element with the id "page"');

createRoot(page).render(
  <StrictMode>
    <SignIn />
    <Explorer />
  </StrictMode>,
);
void restore();
