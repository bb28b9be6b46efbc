import { createHash } from 'node:crypto';

/**
 * What stands under a key in Redis, as Keyv writes JSON (`{"value": ...}`), so that cache-manager reads it:
 *
 * - an answer: `{"v": version, "p": position, "x": 1 if live, "b": body}`
 * - a floor: `{"f": version}`: a tombstone for all that is older; what it stood for is not known here
 * - a lease: `{"f": version, "t": token}`: a floor, and one reader who may fill it
 * - nothing: nobody knows anything, so nobody may write an answer without a lease
 *
 * Every script touches one key, so they run on a cluster as they are. Versions are below 2^53, which Lua compares exactly.
 */
const STATE = `
  local held = redis.call('GET', KEYS[1])
  local version = held and tonumber(string.match(held, '^{"value":{"v":(%d+)'))
  local floor = held and tonumber(string.match(held, '^{"value":{"f":(%d+)'))
  local token = floor and string.match(held, '"t":"([%w-]+)"')`;

/** The name by which a server that has the script knows it, and its text for one that has not. */
export interface Script {
  readonly sha: string;
  readonly text: string;
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

function onState(body: string): Script {
  return script(`${STATE}\n${body}`);
}

/** ARGV: token, ttl in ms. Takes the lease unless an answer or another's lease is there. 1: taken. */
export const LEASE = onState(`
  if version or token then return 0 end
  redis.call('SET', KEYS[1], '{"value":{"f":' .. (floor or 0) .. ',"t":"' .. ARGV[1] .. '"}}', 'PX', ARGV[2])
  return 1`);

/** ARGV: token, version, answer, ttl. Writes the answer of the one who holds the lease. */
export const FILL = onState(`
  if token ~= ARGV[1] then return 0 end
  if tonumber(ARGV[2]) < floor then redis.call('DEL', KEYS[1]) return 0 end
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  return 1`);

/**
 * ARGV: version, answer, ttl. A newer answer from who committed it. A lease with an unknown floor is only revoked: a delayed
 * writer cannot tell whether what the reader is about to fill is newer.
 */
export const OFFER = onState(`
  local offered = tonumber(ARGV[1])
  if token and floor == 0 then redis.call('DEL', KEYS[1]) return 0 end
  if not held or (version or floor) > offered or version == offered then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1`);

/** ARGV: version, ttl. What is older becomes a floor; a lease is revoked, for its reader may have read before. */
export const INVALIDATE = onState(`
  local newest = tonumber(ARGV[1])
  if not held or (version and version >= newest) then return 0 end
  if floor and floor >= newest and not token then return 0 end
  redis.call('SET', KEYS[1], '{"value":{"f":' .. math.max(floor or 0, newest) .. '}}', 'PX', ARGV[2])
  return 1`);

/**
 * The record of a namespace: `{"value":{"id":..,"p":position}}`, on its own key. ARGV: the id that is not wanted any more or
 * '', the id of a new one, its position. Returns the record that holds.
 */
export const JOIN = onState(`
  local id = held and string.match(held, '"id":"([%w-]+)"')
  if id and id ~= ARGV[1] then return held end
  held = '{"value":{"id":"' .. ARGV[2] .. '","p":' .. ARGV[3] .. '}}'
  redis.call('SET', KEYS[1], held)
  return held`);

/** ARGV: id, position. Everything up to the position is taken in by the entries of this namespace. Returns its id. */
export const ADVANCE = onState(`
  local id = held and string.match(held, '"id":"([%w-]+)"')
  if id == ARGV[1] and tonumber(string.match(held, '"p":(%d+)')) < tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], '{"value":{"id":"' .. id .. '","p":' .. ARGV[2] .. '}}')
  end
  return id`);
