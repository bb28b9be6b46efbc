import 'fast-check';
import '../../../migrations/index.js';

export const url = process.env['TEST_DATABASE_URL'];
export const CREATE = 'CREATE DATABASE trial';
