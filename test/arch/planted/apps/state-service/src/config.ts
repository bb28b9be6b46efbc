export const port = Number(process.env['PORT'] ?? process.env.DEFAULT_PORT);
