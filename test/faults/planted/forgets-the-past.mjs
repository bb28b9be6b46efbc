// Planted in an instance by `node --import`: who resumes is not told the first change of what it missed, now and then.
import { CatchUp } from '../../../dist/libs/stream/src/engine/catch-up.js';

const { page } = CatchUp.prototype;
let pages = 0;

CatchUp.prototype.page = async function forgetsThePast(subscription, after) {
  const found = await page.call(this, subscription, after);
  if (!found || found.changes.length < 2) return found;
  pages += 1;
  return pages % 20 === 0 ? { ...found, changes: found.changes.slice(1) } : found;
};
