// Not finished: TODO later
export const draft = true;
