import type { One } from './no-circles.one.js';

export interface Two { readonly one?: One }
