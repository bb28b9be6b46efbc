export { HistoryModule } from './history.module.js';
export { historyOpenApiSchemas } from './schemas.js';
