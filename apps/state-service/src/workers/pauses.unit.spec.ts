import { Pauses } from './pauses.js';

describe('pauses before a restart', () => {
  it('grow while workers die young, up to 5 s, and are gone after one that lived', () => {
    const pauses = new Pauses();
    expect([10, 20, 30, 40, 50, 60, 70, 80].map((lived) => pauses.after(lived)))
      .toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(pauses.after(60_000)).toBe(0);
    expect(pauses.after(10)).toBe(100);
  });
});
