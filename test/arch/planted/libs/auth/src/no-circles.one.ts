import type { Two } from './no-circles.two.js';

export interface One { readonly two?: Two }
