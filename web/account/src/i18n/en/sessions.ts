/** `{ago}` and `{time}` are times, `{device}` a device, `{address}` an IP address, `{count}` a number. */
export const sessions = {
  lead: 'Where you are signed in. Sign out what you do not recognize.',
  title: 'Your sessions',
  unknownDevice: 'Unknown device',
  thisDevice: 'This device',
  lastUsed: 'Last used {ago}',
  signedIn: 'Signed in on {time}',
  signOutOf: 'Sign out {device} at {address}',
  ended: 'The device is signed out.',
  everywhereElse: 'Sign out everywhere else',
  everywhereElseOne: 'One other session ends. You stay signed in here.',
  everywhereElseMany: '{count} other sessions end. You stay signed in here.',
  othersEnded: 'You are signed out everywhere else.',
};
