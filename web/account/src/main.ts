// The account console: what users expect when they open their account. It uses only the public API.
//
// Whether the user is signed in is asked first; what shows it is loaded meanwhile.

import './api/probe';
import './ui/style.css';

void import('./app/start');
