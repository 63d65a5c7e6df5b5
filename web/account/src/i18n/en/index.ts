import { activity } from './activity';
import { lists } from './lists';
import { sessions } from './sessions';
import { workspaces } from './workspaces';
import { groups } from './groups';
import { data } from './data';
import { common } from './common';
import { errors } from './errors';
import { security } from './security';
import { signIn } from './sign-in';
import { overview } from './overview';
import { profile } from './profile';

export const en = { ...common, errors, security, signIn, activity, lists, sessions, workspaces, groups, data, overview, profile };
