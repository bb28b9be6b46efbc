// Planted in an instance by `node --import`: the cache ignores the position that a reader demands.
import { LayeredCache } from '../../../dist/libs/cache/src/layered-cache.js';

const { read } = LayeredCache.prototype;

LayeredCache.prototype.read = function ignoresPositions(key, demand) {
  return read.call(this, key, { ...demand, minPosition: undefined });
};
