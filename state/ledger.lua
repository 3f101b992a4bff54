#!lua name=guildhall
--[[
The ledger. Every function works on one realm and is atomic. KEYS[1] is the realm's hash tag, "realm:{n}"; all keys of
a realm start with it, so that they lie in one slot of a Redis Cluster:

  <realm>:<owner>        hash    settled balances: name -> amount, without those at their opening balance
  <realm>:<owner>:held   hash    what open holds set aside of them
  <realm>:holds          hash    event id -> the debits of its hold, JSON
  <realm>:deadlines      zset    event ids of the open holds by deadline, ms
  <realm>:event:<id>     string  "<status> <offset> <type> <player>"
  <realm>:offset         string  offset of the last settled record
  <realm>:generation     string  offset of the fence that opened this generation
  <realm>:recovering     string  token of the fence that must settle before anything may be reserved
  <realm>:totals         hash    how many records ended as settled, voided, rejected, duplicate, malformed
  <realm>:finals         list    "<ms> <id>" of final statuses, oldest first: a day of log time later they are dropped

Redis does not roll a script back. So each record is checked whole before its first write, and the offset moves record
by record.
]]

local OPENING = {charter = 1, vacancy = 1}
local FINAL = {settled = true, voided = true, rejected = true}
local EXACT = 9007199254740991 -- 2^53 - 1: beyond it Lua's numbers are not exact
local REMEMBERED = 24 * 3600 * 1000 -- ms of log time for which a final status is kept
local RECOVERY = 24 * 3600 -- s for which a status is kept whose hold a fence has dropped
local SWEEP = 8 -- overdue holds named in one answer: enough to catch up, little enough to stay cheap
local SWEEP_AGAIN = 5000 -- ms before an overdue hold is named again, in case its void was not written

local function split(account)
  local name = string.match(account, '^house:(.+)$')
  if name then return 'house', name end
  return string.match(account, '^(%a+:[^:]+):(.+)$')
end

local function read(realm, owner, name)
  return tonumber(redis.call('HGET', realm .. ':' .. owner, name)) or OPENING[name] or 0
end

local function held(realm, owner, name)
  return tonumber(redis.call('HGET', realm .. ':' .. owner .. ':held', name)) or 0
end

local function write(realm, owner, name, amount)
  if amount == (OPENING[name] or 0) then
    redis.call('HDEL', realm .. ':' .. owner, name)
  else
    redis.call('HSET', realm .. ':' .. owner, name, amount)
  end
end

local function drop_hold(realm, id)
  local debits = redis.call('HGET', realm .. ':holds', id)
  if not debits then return end
  for _, debit in ipairs(cjson.decode(debits)) do
    local owner, name = split(debit[1])
    local key = realm .. ':' .. owner .. ':held'
    if redis.call('HINCRBY', key, name, -debit[2]) <= 0 then redis.call('HDEL', key, name) end
  end
  redis.call('HDEL', realm .. ':holds', id)
  redis.call('ZREM', realm .. ':deadlines', id)
end

local function status_of(realm, id)
  local line = redis.call('GET', realm .. ':event:' .. id)
  return line and string.match(line, '^%a+'), line
end

local function milliseconds()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

local function overdue(realm, now)
  local ids = redis.call('ZRANGEBYSCORE', realm .. ':deadlines', '-inf', now, 'LIMIT', 0, SWEEP)
  local named = {}
  for i, id in ipairs(ids) do
    redis.call('ZADD', realm .. ':deadlines', now + SWEEP_AGAIN, id)
    -- The void names the player, so that the player may still ask what became of the event.
    local _, line = status_of(realm, id)
    named[i] = id .. ' ' .. (string.match(line or '', '%S+$') or '-')
  end
  return named
end

-- The generation of the realm, as an integer.
local function generation_of(realm)
  return tonumber(redis.call('GET', realm .. ':generation') or -1)
end

-- ARGV: event id, type, player, lifetime of the hold in ms, debits [[account, amount]...], conditions [[account, least, most]...]
-- Answers {"held", generation, overdue "<id> <player>"...} | {"seen", status line} | {"recovering"} | {"short", account, available, amount}
--       | {"changed", account, balance}
local function reserve(keys, args)
  local realm, id = keys[1], args[1]
  if redis.call('EXISTS', realm .. ':recovering') == 1 then return {'recovering'} end
  local _, line = status_of(realm, id)
  if line then return {'seen', line} end
  local debits = cjson.decode(args[5])
  for _, debit in ipairs(debits) do
    local owner, name = split(debit[1])
    local available = read(realm, owner, name) - held(realm, owner, name)
    if available < debit[2] then return {'short', debit[1], available, debit[2]} end
  end
  for _, condition in ipairs(cjson.decode(args[6])) do
    local balance = read(realm, split(condition[1]))
    if balance < condition[2] or balance > condition[3] then return {'changed', condition[1], balance} end
  end
  local now = milliseconds()
  local late = overdue(realm, now)
  for _, debit in ipairs(debits) do
    local owner, name = split(debit[1])
    redis.call('HINCRBY', realm .. ':' .. owner .. ':held', name, debit[2])
  end
  redis.call('HSET', realm .. ':holds', id, args[5])
  redis.call('ZADD', realm .. ':deadlines', now + tonumber(args[4]), id)
  redis.call('SET', realm .. ':event:' .. id, 'pending - ' .. args[2] .. ' ' .. args[3])
  return {'held', generation_of(realm), late}
end

-- ARGV: event id. Gives the hold back: only for an event that certainly is not in the log and never will be.
local function release(keys, args)
  local realm, id = keys[1], args[1]
  if status_of(realm, id) ~= 'pending' then return 0 end
  drop_hold(realm, id)
  redis.call('DEL', realm .. ':event:' .. id)
  return 1
end

local function covered(realm, transfers)
  local balances = {}
  local function balance(account)
    if not balances[account] then balances[account] = read(realm, split(account)) end
    return balances[account]
  end
  -- All debits must be covered before any credit, so that the order of the transfers within an event has no meaning.
  for _, t in ipairs(transfers) do balances[t[1]] = balance(t[1]) - t[3] end
  for account, left in pairs(balances) do
    if (left < 0 and not string.match(account, '^house:')) or left < -EXACT then return nil end
  end
  for _, t in ipairs(transfers) do
    balances[t[2]] = balance(t[2]) + t[3]
    if balances[t[2]] > EXACT then return nil end
  end
  return balances
end

local function fence(realm, record)
  redis.call('SET', realm .. ':generation', record.offset)
  for _, id in ipairs(redis.call('HKEYS', realm .. ':holds')) do
    drop_hold(realm, id)
    redis.call('EXPIRE', realm .. ':event:' .. id, RECOVERY)
  end
  if redis.call('GET', realm .. ':recovering') == record.id then redis.call('DEL', realm .. ':recovering') end
  return 'settled'
end

local function apply(realm, record)
  if record.type == 'void' then return 'voided' end
  if record.type == 'fence' then return fence(realm, record) end
  if record.generation ~= generation_of(realm) then return 'voided' end
  local balances = covered(realm, record.transfers)
  if not balances then return 'rejected' end
  for account, balance in pairs(balances) do
    local owner, name = split(account)
    write(realm, owner, name, balance)
  end
  return 'settled'
end

local function forget(realm, now)
  -- Two for each one added: the list shrinks back after a pause, and no call takes long.
  for _ = 1, 2 do
    local oldest = redis.call('LINDEX', realm .. ':finals', 0)
    if not oldest then return end
    local at, id = string.match(oldest, '^(%d+) (.+)$')
    if tonumber(at) > now - REMEMBERED then return end
    redis.call('LPOP', realm .. ':finals')
    redis.call('DEL', realm .. ':event:' .. id)
  end
end

local function settle_one(realm, record)
  if record.type == 'malformed' then return 'malformed' end
  -- Log time alone decides what is forgotten: a replay must forget the same ids before the same records.
  forget(realm, record.at)
  if FINAL[status_of(realm, record.id)] then return 'duplicate' end
  local outcome = apply(realm, record)
  drop_hold(realm, record.id)
  local line = string.format('%s %d %s %s', outcome, record.offset, record.type, record.player)
  redis.call('SET', realm .. ':event:' .. record.id, line)
  redis.call('RPUSH', realm .. ':finals', string.format('%.0f %s', record.at, record.id))
  return outcome
end

-- ARGV: records in log order, JSON {offset, at, type, id, player, generation, transfers [[debit, credit, amount]...]};
-- {offset, type: "malformed"} for what is no event. Skips what is settled already; answers how many it settled.
local function settle(keys, args)
  local realm = keys[1]
  local offset = tonumber(redis.call('GET', realm .. ':offset') or -1)
  local records, expected = {}, offset + 1
  for i, text in ipairs(args) do
    local record = cjson.decode(text)
    if record.offset > offset then
      if record.offset ~= expected then
        return redis.error_reply(string.format('GAP expected %d got %d', expected, record.offset))
      end
      expected = expected + 1
      records[#records + 1] = record
    end
  end
  for _, record in ipairs(records) do
    local outcome = settle_one(realm, record)
    redis.call('HINCRBY', realm .. ':totals', outcome, 1)
    redis.call('SET', realm .. ':offset', record.offset)
  end
  return #records
end

-- ARGV: an owner. Answers {offset, settled balances, held amounts}, both as flat lists of name and amount.
local function holdings(keys, args)
  local realm = keys[1]
  return {
    tonumber(redis.call('GET', realm .. ':offset') or -1),
    redis.call('HGETALL', realm .. ':' .. args[1]),
    redis.call('HGETALL', realm .. ':' .. args[1] .. ':held'),
  }
end

redis.register_function('reserve', reserve)
redis.register_function('release', release)
redis.register_function('settle', settle)
redis.register_function{function_name = 'holdings', callback = holdings, flags = {'no-writes'}}
