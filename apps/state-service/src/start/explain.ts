import { EmbeddedPostgresError } from '@app/embedded-postgres';
import { type Config, StartError } from '../config.js';

/** One line for whoever started the service, for the mistakes that are theirs; `undefined` for anything else. */
export function explain(error: unknown, config?: Pick<Config, 'port' | 'host' | 'databaseUrl'>): string | undefined {
  if (error instanceof StartError || error instanceof EmbeddedPostgresError) return error.message;
  if (!(error instanceof Error) || !config) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${config.port} is in use: stop what listens there, or set PORT`;
    case 'EACCES':
      return `Port ${config.port} may not be used by this user: set PORT to 1024 or above`;
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
    case 'ENOTFOUND':
    case 'ECONNREFUSED':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
      return config.databaseUrl && code !== 'EADDRNOTAVAIL'
        ? `No PostgreSQL answers at ${placeOf(config.databaseUrl)} (${code}): start it, or correct DATABASE_URL`
        : `The service cannot listen on ${config.host}:${config.port} (${code}): correct HOST`;
    case '28P01':
    case '28000':
    case '3D000':
    case '42501':
      return `PostgreSQL at ${placeOf(config.databaseUrl ?? '')} refuses: ${error.message}. Correct DATABASE_URL`;
    default:
      return /^(timeout|Connection terminated)/.test(error.message) && config.databaseUrl
        ? `No PostgreSQL answers at ${placeOf(config.databaseUrl)} (${error.message}): start it, or correct DATABASE_URL`
        : undefined;
  }
}

/** Host and database of a URL, without its credentials. */
function placeOf(databaseUrl: string): string {
  return databaseUrl.replace(/^\w+:\/\/([^@/]*@)?/, '').replace(/\?.*$/, '');
}

/** The same, or all that is known of the error. */
export function explainFully(error: unknown, config?: Parameters<typeof explain>[1]): string {
  const known = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return explain(error, config) ?? `The service could not start: ${known}`;
}
