// What is shown while the user is signed out.

import { Route, Switch } from 'wouter';
import { FORGOT_PASSWORD, ForgotPassword } from './ForgotPassword';
import { SignIn } from './SignIn';

/** Every other path shows the sign-in, so that the user is at the page they wanted afterwards. */
export function SignedOut() {
  return (
    <Switch>
      <Route path={FORGOT_PASSWORD} component={ForgotPassword} />
      <Route component={SignIn} />
    </Switch>
  );
}
