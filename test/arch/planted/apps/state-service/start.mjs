process.env.NODE_ENV ??= 'production';
await import('../../dist/apps/state-service/src/main.js');
