/** A decider (Chassaing): what a command makes of a state, and what an event does to one. Pure. */
export interface Decider<State, Command, Event> {
  readonly initial: State;
  decide(state: State, command: Command): readonly Event[];
  evolve(state: State, event: Event): State;
}

/** What came of a command. */
export interface Decided<State, Event> {
  /** Exactly these events, in this order; members that are `undefined` do not count. */
  then(...events: readonly Event[]): void;
  /** An error with at least these members. */
  thenRefused(error: object): void;
  /** A state with at least these members, after the command's events. */
  thenState(state: Partial<State>): void;
}

/** `given(...events).when(command).then(...events)` for a decider. */
export function givenFor<State, Command, Event>(decider: Decider<State, Command, Event>) {
  const after = (state: State, events: readonly Event[]): State =>
    events.reduce((now, event) => decider.evolve(now, event), state);
  return (...history: readonly Event[]) => ({
    when(command: Command): Decided<State, Event> {
      const state = after(decider.initial, history);
      const decide = () => decider.decide(state, command);
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- given, when, then; nobody awaits it
        then: (...events) => expect(decide()).toEqual(events),
        thenRefused: (error) => expect(decide).toThrow(expect.objectContaining(error)),
        thenState: (expected) => expect(after(state, decide())).toMatchObject(expected),
      };
    },
  });
}
