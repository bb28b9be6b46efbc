// Planted in an instance by `node --import`: the cache overhears one change of an aggregate that it holds, `?nth=` of them.
import { LayeredCache } from '../../../dist/libs/cache/src/layered-cache.js';

const nth = Number(new URL(import.meta.url).searchParams.get('nth'));
const { apply } = LayeredCache.prototype;
let met = 0;

LayeredCache.prototype.apply = function deafToOne(look) {
  const changes = look.changes.filter(({ key, version }) => {
    const held = this.l1.peek(key);
    if (held === undefined || held.version >= version) return true;
    met += 1;
    return met !== nth;
  });
  apply.call(this, { ...look, changes });
};
