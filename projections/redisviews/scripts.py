"""The scripts that run inside Redis, each of them atomic.

Where there is much to say it comes as one blob of MessagePack, which Redis unpacks in C: neither side writes or reads
a protocol element per row. Redis 7.0 knows its texts but not its byte strings, so those come beside it.
"""

from __future__ import annotations

BEGIN = """
-- KEYS: born, channel.  ARGV: a name for a new life.  Answers the name of the life that it is.
if redis.call('SET', KEYS[1], ARGV[1], 'NX') then
    redis.call('PUBLISH', KEYS[2], ARGV[1] .. '  ')
end
return redis.call('GET', KEYS[1])
"""

_ROWS = """
local offset = 1
for start = 1, #keys, MANY do
    local set = {}
    for i = start, math.min(start + MANY - 1, #keys) do
        set[#set + 1] = keys[i]
        set[#set + 1] = string.sub(values, offset, offset + sizes[i] - 1)
        offset = offset + sizes[i]
    end
    redis.call('MSET', unpack(set))
end
for list, members in pairs(removed) do
    for start = 1, #members, MANY do
        redis.call('ZREM', list, unpack(members, start, math.min(start + MANY - 1, #members)))
    end
end
for list, members in pairs(added) do
    for start = 1, #members, MANY do
        local scored = {}
        for i = start, math.min(start + MANY - 1, #members) do
            scored[#scored + 1] = 0
            scored[#scored + 1] = members[i]
        end
        redis.call('ZADD', list, unpack(scored))
    end
end
for hash, owners in pairs(counts) do
    for owner, change in pairs(owners) do
        if redis.call('HINCRBY', hash, owner, change) <= 0 then redis.call('HDEL', hash, owner) end
    end
end

"""
"""Of what ``Batch`` has gathered: rows, lists and counts."""

WRITE = (
    """
-- KEYS: born, channel.
-- ARGV: (born, partitions, upto where each, projections, keys, positions, sizes of values, added, removed, counts), the
-- values one after the other, and the notice.
-- All or nothing. 'lost': the store is not what the writer takes it for. 'parked': other events are parked than it
-- thinks. Numbers: rows (from 0) that are not at the position the writer folded from. Nothing: written.
local born, partitions, upto, projections, keys, positions, sizes, added, removed, counts =
    unpack(cmsgpack.unpack(ARGV[1]))
local values, notice = ARGV[2], ARGV[3]
local MANY = 1000
if redis.call('GET', KEYS[1]) ~= born then return {'lost'} end

local reached = {}
for i, p in ipairs(projections) do  -- progress key, least positions, parked key, how many are parked, newly parked
    reached[i] = redis.call('HMGET', p[1], unpack(partitions))
    for n = 1, #partitions do
        reached[i][n] = tonumber(reached[i][n] or 0)
        if reached[i][n] < p[2][n] then return {'lost'} end
    end
    if redis.call('HLEN', p[3]) ~= p[4] then return {'parked'} end
end

local moved = {}
for start = 1, #keys, MANY do
    local stored = redis.call('MGET', unpack(keys, start, math.min(start + MANY - 1, #keys)))
    for i = 1, #stored do
        local value = stored[i]
        if (value and struct.unpack('>I8', value) or -1) ~= positions[start + i - 1] then
            moved[#moved + 1] = start + i - 2
        end
    end
end
if #moved > 0 then return moved end
"""
    + _ROWS
    + """
local least = {}
for i, p in ipairs(projections) do
    for position, event in pairs(p[5]) do redis.call('HSETNX', p[3], position, event) end
    local moved_on = {}
    for n, partition in ipairs(partitions) do
        local at = math.max(reached[i][n], upto[n])
        if at ~= reached[i][n] or at == 0 then
            moved_on[#moved_on + 1] = partition
            moved_on[#moved_on + 1] = string.format('%.0f', at)
        end
        least[n] = math.min(least[n] or at, at)
    end
    if #moved_on > 0 then redis.call('HSET', p[1], unpack(moved_on)) end
end
for n, partition in ipairs(partitions) do least[n] = string.format('%d:%.0f', partition, least[n]) end
redis.call('PUBLISH', KEYS[2], born .. ' ' .. table.concat(least, ',') .. ' ' .. notice)
return {}
"""
)

FILL = (
    """
-- KEYS: generations.  ARGV: (keys, sizes of values, added, removed, counts), and the values one after the other.
-- For a generation that nobody reads. 'gone': the store was flushed, and it went with it. Nothing: written.
if redis.call('EXISTS', KEYS[1]) == 0 then return {'gone'} end
local keys, sizes, added, removed, counts = unpack(cmsgpack.unpack(ARGV[1]))
local values = ARGV[2]
local MANY = 1000
"""
    + _ROWS
    + "return {}\n"
)

REACH = """
-- KEYS: generations.  ARGV: which next one, its number, position.
-- Not of one that is not there any more: that would make a flushed store look as if it were.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1] .. '.position', ARGV[3]) end
"""

LIST = """
-- KEYS: born.  ARGV: which life the names are of, prefix of rows, width of the order in a member, from, to, REV or
-- nothing, limit, then lists.
-- Members and rows of each list; nil where the store has no life, 0 where it has another one.
local born = redis.call('GET', KEYS[1])
if not born then return nil end
local MANY = 1000
local life, rows, order, from, to, rev, limit = unpack(ARGV, 1, 7)
if born ~= life then return 0 end
order = tonumber(order)
local listed = {}
for n = 8, #ARGV do
    local members
    if rev == 'REV' then
        members = redis.call('ZRANGE', ARGV[n], from, to, 'BYLEX', 'REV', 'LIMIT', 0, limit)
    else
        members = redis.call('ZRANGE', ARGV[n], from, to, 'BYLEX', 'LIMIT', 0, limit)
    end
    local values = {}
    for start = 1, #members, MANY do
        local keys = {}
        for i = start, math.min(start + MANY - 1, #members) do
            keys[#keys + 1] = rows .. string.sub(members[i], order + 1)
        end
        for _, value in ipairs(redis.call('MGET', unpack(keys))) do values[#values + 1] = value end
    end
    listed[#listed + 1] = {members, values}
end
return listed
"""

EXCHANGE = """
-- KEYS: born, channel, generations, progress of the live one, progress of the new one.
-- ARGV: projection, number of the live one, number of the new one, position, partitions.
-- The new one, folded up to the position, becomes live, and the other is kept. 'behind': the live one is further in
-- some partition. 'moved': it is not the live one any more.
local born = redis.call('GET', KEYS[1])
local name, live, new, position, partitions = unpack(ARGV)
if not born or (redis.call('HGET', KEYS[3], name) or '0') ~= live then return 'moved' end
for _, at in ipairs(redis.call('HVALS', KEYS[4])) do
    if tonumber(at) > tonumber(position) then return 'behind' end
end
for partition = 0, tonumber(partitions) - 1 do redis.call('HSET', KEYS[5], partition, position) end
redis.call('HSET', KEYS[3], name, new, name .. '/kept', live)
if redis.call('HGET', KEYS[3], name .. '/next') == new then redis.call('HDEL', KEYS[3], name .. '/next') end
local swaps = redis.call('HINCRBY', KEYS[3], 'exchanged', 1)
born = string.match(born, '^[^.]*') .. '.' .. swaps
redis.call('SET', KEYS[1], born)
redis.call('PUBLISH', KEYS[2], born .. '  ')
return 'exchanged'
"""
