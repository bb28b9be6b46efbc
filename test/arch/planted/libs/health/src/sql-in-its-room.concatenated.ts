export const PURGE = 'DELETE FROM receipts ' + 'WHERE stored_at < now()';
