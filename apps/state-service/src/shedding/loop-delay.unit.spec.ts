import { LoopDelay } from './loop-delay.js';

describe('the delay of the event loop', () => {
  let now = 0;
  let loop: LoopDelay;
  beforeEach(() => {
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick'] });
    now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    loop = new LoopDelay();
    loop.start();
  });
  afterEach(() => {
    loop.stop();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  /** A turn of this length; the timer fires at its end. */
  const turn = (ms: number): void => {
    now += ms;
    jest.advanceTimersByTime(20);
  };
  const turns = (count: number, ms: number): void => {
    for (let i = 0; i < count; i += 1) turn(ms);
  };

  it('does not count the time before the service listens', () => {
    loop = new LoopDelay();
    now += 60_000;
    expect([loop.isLong, loop.peak]).toEqual([false, 0]);
    loop.start();
    turn(20);
    expect(loop.isLong).toBe(false);
  });

  it('is no overload when one turn is long, or every other one', () => {
    turn(900);
    expect(loop.isLong).toBe(false);
    for (let i = 0; i < 10; i += 1) {
      turn(20);
      turn(900);
      expect(loop.isLong).toBe(false);
    }
  });

  it('is overload when all were long for a second', () => {
    turns(3, 300);
    expect(loop.isLong).toBe(false);
    turns(2, 300);
    expect(loop.isLong).toBe(true);
  });

  it('is known while a turn still lasts', () => {
    now += 1019;
    expect(loop.isLong).toBe(false);
    now += 2;
    expect(loop.isLong).toBe(true);
  });

  it('goes on over turns that were cut off, and ends after a second without one that came near the limit', () => {
    turns(5, 300);
    turn(40);
    expect(loop.isLong).toBe(false); // there is room in this turn
    turn(300);
    expect(loop.isLong).toBe(true);
    turns(60, 20);
    turn(300);
    expect(loop.isLong).toBe(false);
  });
});
