import { analyticsOpenApiSchemas } from '@app/analytics';
import { auditOpenApiSchemas } from '@app/audit';
import { authOpenApiSchemas } from '@app/auth';
import { openApiSchemas, toOpenApi } from '@app/game-state';
import { HEALTH_RESPONSE_SCHEMA } from '@app/health';
import { historyOpenApiSchemas } from '@app/history';
import { integrityOpenApiSchemas } from '@app/integrity';
import { operationOpenApiSchemas } from '@app/operations';
import { streamOpenApiSchemas } from '@app/stream';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { serviceVersion } from '../config.js';

const DOCUMENT_PATH = 'api/v1/openapi.json';
const REFERENCE_PATH = 'api/v1/docs';

/** The OpenAPI 3.0 document of everything the service answers; committed as `openapi.json`. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, new DocumentBuilder()
    .setTitle('Global State Service')
    .setDescription('Event-sourced state of players, guilds, worlds, economies and combats.')
    .setVersion(serviceVersion())
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth()
    .build(), { standardSchemaConverter: toOpenApi });
  const schemas = {
    ...document.components?.schemas, ...openApiSchemas(), ...authOpenApiSchemas(), ...streamOpenApiSchemas(), ...historyOpenApiSchemas(),
    ...analyticsOpenApiSchemas(), ...auditOpenApiSchemas(), ...integrityOpenApiSchemas(), ...operationOpenApiSchemas(),
    HealthResponse: HEALTH_RESPONSE_SCHEMA,
  };
  document.components = { ...document.components, schemas };
  return document;
}

/** The names of operations by method and route, as Fastify spells them. */
export function operationNames({ paths }: OpenAPIObject): ReadonlyMap<string, string> {
  return new Map(Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, { operationId?: string }>).map(([method, { operationId = path }]) =>
      [`${method.toUpperCase()} ${path.replaceAll(/{(\w+)}/g, ':$1')}`, operationId] as const)));
}

/** Serves the document and a reference page, both without a token; the page loads nothing from elsewhere. */
export function serveApiReference(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup(REFERENCE_PATH, app, document, {
    jsonDocumentUrl: DOCUMENT_PATH, customSiteTitle: 'Global State Service API', raw: ['json'],
    swaggerOptions: { persistAuthorization: true },
  });
}
