import { Rate } from './rate.js';

describe('rate', () => {
  it('is over the last ten seconds, and never below zero', () => {
    const rate = new Rate();
    expect(rate.perSecond).toBe(0);
    rate.add(0, 0);
    expect(rate.perSecond).toBe(0);
    rate.add(500, 1_000);
    expect(rate.perSecond).toBe(500);
    for (let second = 2; second <= 20; second += 1) rate.add(500 + second * 10, second * 1_000);
    expect(rate.perSecond).toBe(10);
    for (let second = 21; second <= 40; second += 1) rate.add(0, second * 1_000);
    expect(rate.perSecond).toBe(0);
  });
});
