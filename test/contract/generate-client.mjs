// Writes the parts of the client that follow from the OpenAPI document: node generate-client.mjs <openapi.json> <folder>
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';

const [source, folder] = process.argv.slice(2);
const api = JSON.parse(await readFile(source, 'utf8'));

await writeFile(join(folder, 'api.ts'), await types());
await writeFile(join(folder, 'routes.ts'), routes());

async function types() {
  const nodes = await openapiTS(api, { alphabetize: true, immutable: true });
  return `// Made from openapi.json by \`npm run generate\`.\n\n${astToString(nodes)}`;
}

/** What a type cannot tell at run time: where an operation is, and whether sending it again is safe. */
function routes() {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [operation.operationId, routeOf(path, method, operation)]));
  operations.sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = operations.map(([id, route]) => `  ${id}: ${literal(route)},`);
  return `// Made from openapi.json by \`npm run generate\`.\n\nexport const ROUTES = {\n${lines.join('\n')}\n} as const;\n`;
}

function routeOf(path, method, { parameters = [], requestBody }) {
  const takesKey = parameters.some(({ in: place, name }) => place === 'header' && name === 'Idempotency-Key');
  return { method: method.toUpperCase(), path, contentType: Object.keys(requestBody?.content ?? {})[0] ?? null, takesKey };
}

function literal(route) {
  return `{ ${Object.entries(route).map(([key, value]) => `${key}: ${quoted(value)}`).join(', ')} }`;
}

function quoted(value) {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
