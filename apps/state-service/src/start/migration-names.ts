import { MIGRATIONS } from '../../../../migrations/index.js';

/** What a database that is up to date has in its table of migrations. */
export function migrationNames(): readonly string[] {
  return MIGRATIONS.map((Migration) => new Migration().name);
}
