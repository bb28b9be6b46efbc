// Planted in an instance by `node --import`: the cache overhears one in `?every=` changes of aggregates that it holds.
import { LayeredCache } from '../../../dist/libs/cache/src/layered-cache.js';

const every = Number(new URL(import.meta.url).searchParams.get('every'));
const { apply } = LayeredCache.prototype;
let met = 0;

LayeredCache.prototype.apply = function deafToOne(look) {
  const changes = look.changes.filter(({ key, version }) => {
    const held = this.l1.peek(key);
    if (held === undefined || held.version >= version) return true;
    met += 1;
    return met % every !== 0;
  });
  apply.call(this, { ...look, changes });
};
