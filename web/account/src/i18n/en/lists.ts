/** `{shown}` and `{total}` are numbers. */
export const lists = {
  shown: 'Showing {shown} of {total}',
};
