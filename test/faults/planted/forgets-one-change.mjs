// Planted in an instance by `node --import`: a change is not told on one channel of a type, `?nth=` of those that somebody there
// must hear of: who takes the newest states only need not, and who is still told of the past has it from the log.
import { Hub } from '../../../dist/libs/stream/src/engine/hub.js';

const nth = Number(new URL(import.meta.url).searchParams.get('nth'));
const { tell } = Hub.prototype;
let met = 0;

Hub.prototype.tell = function forgetsOne(channel, changes) {
  const told = changes.filter((change) => {
    if (!channel.endsWith('/*')) return true;
    if (![...this.members(channel)].some(({ wish, after }) => !wish.latest && after < change.position)) return true;
    met += 1;
    return met !== nth;
  });
  if (told.length > 0) tell.call(this, channel, told);
};
