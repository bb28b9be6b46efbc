export { AnalyticsModule } from './analytics.module.js';
export type { AnalyticsOptions } from './analytics-options.js';
export { analyticsOpenApiSchemas } from './http/schemas.js';
export { ANALYTICS, AnalyticsProjection } from './projection/analytics-projection.js';
export { AnalyticsRebuild } from './projection/analytics-rebuild.js';
export { type EventAnalytics, GetEventAnalytics, GetEventAnalyticsHandler } from './query/get-event-analytics.js';
export { GetStateAnalytics, GetStateAnalyticsHandler, type StateAnalytics } from './query/get-state-analytics.js';
