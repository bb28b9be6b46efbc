export const region = process.env['REGION_ID'];
