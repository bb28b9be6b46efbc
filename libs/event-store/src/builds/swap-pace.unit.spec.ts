import { SwapPace } from './swap-pace.js';

describe('how much is taken in while appends wait', () => {
  const pace = { lockedEvents: 250, roundEvents: 5_000 };

  it('is what the last round did in 50 ms, and a fixed number before there was one', () => {
    const swap = new SwapPace(pace);
    expect(swap.most).toBe(250);
    swap.took(5_000, 500);
    expect(swap.most).toBe(500);
    swap.took(100, 100);
    expect(swap.most).toBe(50);
  });

  it('is one event at least and a round at most', () => {
    const swap = new SwapPace(pace);
    swap.took(1, 10_000);
    expect(swap.most).toBe(1);
    swap.took(5_000, 0);
    expect(swap.most).toBe(5_000);
  });

  it('doubles with each five times that there were more, so that it ends under any load', () => {
    const swap = new SwapPace(pace);
    swap.took(100, 100);
    const most = Array.from({ length: 40 }, () => {
      swap.failed();
      return swap.most;
    });
    expect(most.slice(0, 10)).toEqual([50, 50, 50, 50, 100, 100, 100, 100, 100, 200]);
    expect(most.at(-1)).toBe(5_000);
  });
});
