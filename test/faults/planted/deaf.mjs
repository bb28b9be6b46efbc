// Planted in an instance by `node --import`: the cache overhears every change, and takes itself to be up to date.
import { LayeredCache } from '../../../dist/libs/cache/src/layered-cache.js';

const { apply } = LayeredCache.prototype;

LayeredCache.prototype.apply = function deaf(look) {
  apply.call(this, { ...look, changes: [] });
};
