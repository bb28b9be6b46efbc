/** Something with bytes to write. */
interface Flushable {
  /** Set while it is a member. */
  isGathering: boolean;
  flush(): void;
}

/** Writes once a tick what its members gathered in it: a system call costs far more than the bytes. */
export class Flusher {
  private members: Flushable[] = [];
  private scheduled: NodeJS.Immediate | undefined;

  add(member: Flushable): void {
    if (member.isGathering) return;
    member.isGathering = true;
    this.members.push(member);
    this.scheduled ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const { members } = this;
    this.members = [];
    for (const member of members) {
      member.isGathering = false;
      member.flush();
    }
  }
}
