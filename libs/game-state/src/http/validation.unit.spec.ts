import { z } from 'zod';
import { validationError } from './validation.js';

describe('validationError', () => {
  it('tells the place of each issue as a JSON Pointer', () => {
    const error = validationError([
      { message: 'too small', path: ['a/b', 0, '~'] }, { message: 'odd', path: [{ key: 'x' }, { key: 1 }] },
      { message: 'bare' },
    ]);
    expect(error).toMatchObject({
      error: 'VALIDATION_ERROR', status: 400, message: '/a~1b/0/~0: too small',
      details: { issues: [
        { path: '/a~1b/0/~0', message: 'too small' }, { path: '/x/1', message: 'odd' }, { path: '', message: 'bare' },
      ] },
    });
  });

  it('speaks of the request where an issue has no place', () => {
    expect(validationError([{ message: 'unknown key', path: [] }]).message).toBe('request: unknown key');
    expect(validationError([]).message).toBe('the request is malformed');
  });

  it('tells of 20 issues at most', () => {
    const issues = Array.from({ length: 500 }, (_, i) => ({ message: 'no', path: [i] }));
    expect(validationError(issues).details?.['issues']).toHaveLength(20);
  });

  it('takes what zod found', () => {
    const { error } = z.strictObject({ a: z.array(z.number()) }).safeParse({ a: [1, 'x'], b: 1 });
    expect(validationError(error!.issues).details?.['issues']).toEqual(expect.arrayContaining([
      { path: '/a/1', message: expect.any(String) }, { path: '', message: expect.stringContaining('"b"') },
    ]));
  });
});
