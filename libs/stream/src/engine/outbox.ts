import type { StreamFigures } from './figures.js';
import type { Parcel } from './message.js';
import type { Subscription } from './subscription.js';

/** A parcel, and whose changes it carries. */
interface Waiting {
  readonly parcel: Parcel;
  readonly owner: Subscription | undefined;
}

/** What waits for one client, in order. Mostly that is one parcel, for which nothing is allocated: ten thousand may get it at once. */
export class Outbox {
  private first: Parcel | undefined;
  private firstOwner: Subscription | undefined;
  private rest: Waiting[] | undefined;

  get isEmpty(): boolean {
    return this.first === undefined;
  }

  add(parcel: Parcel, owner: Subscription | undefined): void {
    if (this.first === undefined) {
      this.first = parcel;
      this.firstOwner = owner;
    } else if (this.rest) {
      this.rest.push({ parcel, owner });
    } else {
      this.rest = [{ parcel, owner }];
    }
  }

  each(see: (parcel: Parcel, owner: Subscription | undefined) => void): void {
    if (this.first === undefined) return;
    see(this.first, this.firstOwner);
    for (const { parcel, owner } of this.rest ?? []) see(parcel, owner);
  }

  /** All of it is on its way. */
  tally(figures: StreamFigures): void {
    if (this.first === undefined) return;
    sent(this.first, this.firstOwner, figures);
    if (this.rest) for (const { parcel, owner } of this.rest) sent(parcel, owner, figures);
  }

  parcels(): readonly Parcel[] {
    if (this.first === undefined) return [];
    return this.rest ? [this.first, ...this.rest.map(({ parcel }) => parcel)] : this.first.alone;
  }

  clear(): void {
    this.first = undefined;
    this.firstOwner = undefined;
    this.rest = undefined;
  }
}

function sent({ position, messages, size }: Parcel, owner: Subscription | undefined, figures: StreamFigures): void {
  if (owner && position > owner.sent) owner.sent = position;
  figures.messages += messages.length;
  figures.bytes += size;
}
