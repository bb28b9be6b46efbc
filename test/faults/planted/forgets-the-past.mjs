// Planted in an instance by `node --import`: who resumes is not told the first change of what it missed, now and then.
import { CatchUp } from '../../../dist/libs/stream/src/engine/catch-up.js';

const { tell } = CatchUp.prototype;
let pages = 0;

CatchUp.prototype.tell = async function forgetsThePast(subscription, page, opening) {
  if (page.changes.length >= 2) pages += 1;
  const forgets = page.changes.length >= 2 && pages % 20 === 0;
  return tell.call(this, subscription, forgets ? { ...page, changes: page.changes.slice(1) } : page, opening);
};
