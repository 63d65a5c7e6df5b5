export const lists = {
  shown: '{total}件中{shown}件を表示',
};
