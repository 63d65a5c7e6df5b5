export const lists = {
  shown: '{total}개 중 {shown}개 표시',
};
