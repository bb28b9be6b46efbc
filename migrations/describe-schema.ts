import type { Pool } from 'pg';

/**
 * One query a kind of object, without partitions, which come and go; each yields lines in an order that does not depend on the server.
 */
const QUERIES = [
  `SELECT format('table %s.%s%s%s', n.nspname, c.relname, coalesce(' with ' || array_to_string(c.reloptions, ', '), ''),
      coalesce(' partition by ' || pg_get_partkeydef(c.oid), '')) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'global_state' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname COLLATE "C"`,
  `SELECT format('column %s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
      coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
      CASE WHEN a.attcollation = 950 THEN ' collate "C"' ELSE '' END) AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE n.nspname = 'global_state' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname COLLATE "C", a.attnum`,
  `SELECT format('constraint %s.%s %s', c.relname, k.conname, pg_get_constraintdef(k.oid)) AS line
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'global_state' AND k.contype <> 'n' AND NOT c.relispartition ORDER BY c.relname COLLATE "C", k.conname COLLATE "C"`,
  `SELECT format('index %s', pg_get_indexdef(i.indexrelid)) AS line
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'global_state' AND NOT c.relispartition ORDER BY c.relname COLLATE "C"`,
  `SELECT format('trigger %s', pg_get_triggerdef(t.oid)) AS line
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'global_state' AND NOT t.tgisinternal AND NOT c.relispartition ORDER BY c.relname COLLATE "C", t.tgname COLLATE "C"`,
  `SELECT format('view %s.%s %s', n.nspname, c.relname, pg_get_viewdef(c.oid)) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'global_state' AND c.relkind = 'v' ORDER BY c.relname COLLATE "C"`,
  `SELECT pg_get_functiondef(p.oid) AS line FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'global_state' ORDER BY p.proname COLLATE "C"`,
];

/** The migrated schema as text, read from the catalogs: what `test/schema.sql` holds. */
export async function describeSchema(pool: Pool): Promise<string> {
  const sections: string[] = [];
  for (const query of QUERIES) {
    const { rows } = await pool.query<{ line: string }>(query);
    sections.push(rows.map((row) => row.line).join('\n'));
  }
  return `-- The migrated schema, read from the catalogs. Renew it with: npm run generate\n\n${sections.join('\n\n')}\n`;
}
