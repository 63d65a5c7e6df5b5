export const sessions = {
  lead: '로그인되어 있는 기기입니다. 모르는 기기는 로그아웃해 주세요.',
  title: '내 로그인',
  unknownDevice: '알 수 없는 기기',
  thisDevice: '이 기기',
  lastUsed: '마지막 사용: {ago}',
  signedIn: '로그인한 시간: {time}',
  signOutOf: '로그아웃: {device}, {address}',
  ended: '기기에서 로그아웃했습니다.',
  everywhereElse: '다른 모든 기기에서 로그아웃',
  everywhereElseOne: '다른 로그인 1개가 종료됩니다. 이 기기의 로그인은 유지됩니다.',
  everywhereElseMany: '다른 로그인 {count}개가 종료됩니다. 이 기기의 로그인은 유지됩니다.',
  othersEnded: '다른 모든 기기에서 로그아웃했습니다.',
};
