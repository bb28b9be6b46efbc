export { ERROR_STATUS, ServiceError, type ErrorWord } from './errors.js';
