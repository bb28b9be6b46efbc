export const isZero = (text: string | number): boolean => text == 0;
