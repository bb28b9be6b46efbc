// Planted in an instance by `node --import`: LIVE says a cursor that lies beyond what was told.
import { messages } from '../../../dist/libs/stream/src/protocol/messages.js';
import { decodePosition, encodePosition } from '../../../dist/libs/kernel/src/index.js';

const { live } = messages;

messages.live = (channel, cursor) => {
  const place = decodePosition(cursor);
  return live(channel, encodePosition({ ...place, position: Math.max(0, place.position + 1) }));
};
