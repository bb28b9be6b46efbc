import type { Pool } from 'pg';

export type Merge = (pool: Pool) => void;
