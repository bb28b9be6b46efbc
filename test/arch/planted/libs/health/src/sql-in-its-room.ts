export const isUp = (table: string): string => `
  -- why not
  SELECT count(*) FROM ${table}`;
