import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>>;
  readonly security?: readonly object[];
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const document = JSON.parse(readFileSync(join(__dirname, '../../openapi.json'), 'utf8')) as Document;

/** The parts of the contract that clients exist for: names, fields and status codes as they were agreed. */
const OPERATIONS = [
  { id: 'globalStateHealth', at: ['get', '/api/v1/health'], success: ['200', 'HealthResponse'], errors: ['503'] },
  {
    id: 'getAggregateState', at: ['get', '/api/v1/state/{aggregateType}/{aggregateId}'], query: ['version', 'includeEvents'],
    success: ['200', 'AggregateState'], errors: ['404'],
  },
  {
    id: 'updateAggregateState', at: ['put', '/api/v1/state/{aggregateType}/{aggregateId}'], body: 'StateUpdateRequest',
    success: ['200', 'StateUpdateResponse'], errors: ['409'],
  },
  { id: 'publishEvent', at: ['post', '/api/v1/events'], body: 'EventPublishRequest', success: ['201', 'EventPublishResponse'], errors: ['400'] },
  {
    id: 'getAggregateEvents', at: ['get', '/api/v1/events/{aggregateType}/{aggregateId}'],
    query: ['fromVersion', 'toVersion', 'limit'], success: ['200', 'EventHistoryResponse'], errors: ['404'],
  },
  {
    id: 'getStateChangeAnalytics', at: ['get', '/api/v1/analytics/state-changes'], query: ['aggregateType', 'timeRange', 'groupBy'],
    success: ['200', 'StateAnalyticsResponse'], errors: ['400'],
  },
] as const;

const BODIES: Readonly<Record<string, { required: readonly string[]; optional: readonly string[] }>> = {
  HealthResponse: { required: [], optional: ['status', 'version', 'uptime', 'timestamp', 'activeConnections'] },
  AggregateState: {
    required: ['aggregateType', 'aggregateId', 'version', 'data'], optional: ['lastModified', 'checksum', 'events'],
  },
  StateUpdateRequest: { required: ['changes', 'expectedVersion'], optional: ['metadata', 'userId'] },
  StateUpdateResponse: { required: ['aggregateType', 'aggregateId', 'newVersion'], optional: ['appliedChanges', 'timestamp'] },
  GameEvent: {
    required: ['eventId', 'eventType', 'aggregateType', 'aggregateId', 'eventVersion', 'eventData', 'timestamp'],
    optional: ['correlationId', 'causationId', 'playerId', 'sessionId', 'metadata', 'serverId', 'processedAt'],
  },
  EventPublishRequest: {
    required: ['eventType', 'aggregateType', 'aggregateId', 'eventData'],
    optional: ['metadata', 'correlationId', 'causationId', 'eventId', 'expectedVersion', 'serverId', 'playerId', 'sessionId', 'stateChanges'],
  },
  EventPublishResponse: { required: ['eventId', 'eventVersion'], optional: ['timestamp', 'status'] },
  EventHistoryResponse: { required: ['aggregateType', 'aggregateId', 'events'], optional: ['totalCount', 'hasMore'] },
  StateAnalyticsResponse: { required: ['timeRange', 'metrics'], optional: ['summary'] },
  StateMetric: {
    required: ['timestamp', 'aggregateType', 'changeCount'], optional: ['uniqueAggregates', 'averageVersion', 'topEvents'],
  },
  StateAnalyticsSummary: {
    required: ['totalChanges', 'totalAggregates', 'averageChangesPerAggregate'], optional: ['mostActiveAggregate', 'peakActivityTime'],
  },
  Error: { required: ['error', 'code', 'message', 'timestamp'], optional: ['details'] },
};

describe('the fixed contract in openapi.json', () => {
  it('is OpenAPI 3.0', () => {
    expect(document.openapi).toMatch(/^3\.0\./);
  });

  it.each(OPERATIONS)('$id', (fixed) => {
    const [method, path] = fixed.at;
    const operation = document.paths[path]?.[method];
    expect(operation?.operationId).toBe(fixed.id);
    const [status, schema] = fixed.success;
    expect(operation!.responses[status]?.content?.['application/json']?.schema.$ref).toBe(`#/components/schemas/${schema}`);
    for (const error of fixed.errors) {
      expect(operation!.responses[error]?.content?.['application/json']?.schema.$ref).toBe('#/components/schemas/Error');
    }
    const query = operation!.parameters?.filter((parameter) => parameter.in === 'query').map(({ name }) => name) ?? [];
    expect(query).toEqual(expect.arrayContaining('query' in fixed ? [...fixed.query] : []));
    const body = operation!.requestBody?.content['application/json']?.schema.$ref;
    expect(body).toBe('body' in fixed ? `#/components/schemas/${fixed.body}` : undefined);
  });

  it.each(Object.entries(BODIES))('%s', (name, { required, optional }) => {
    const schema = document.components.schemas[name]!;
    expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining([...required, ...optional]));
    expect(schema.required ?? []).toEqual(expect.arrayContaining([...required]));
  });

  it('refers to nothing that is not there, and names every operation once', () => {
    const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!);
    for (const name of refs) expect(document.components.schemas).toHaveProperty(name);
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((operation) => operation.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
