#!lua name=guildhall
--[[
The ledger. Every function works on one realm and is atomic. KEYS[1] is the realm's hash tag, "realm:{n}". All keys of a
realm start with this hash tag, so that they are in one slot of a Redis Cluster.

State that depends on the log alone, so that a replay gives the same bytes:
  <realm>:<owner>        hash    account name -> settled balance, without accounts at their opening balance
  <realm>:owners         set     every owner that has or had a balance
  <realm>:event:<id>     string  "<status> <offset> <type> <player> <request> <details>", see status_line
  <realm>:offset         string  offset of the last settled record
  <realm>:generation     string  offset of the fence that opened this generation
  <realm>:totals         hash    number of records by outcome: settled, voided, stale, rejected, duplicate, malformed,
                                 telemetry
  <realm>:types          hash    number of settled and telemetry events by type
  <realm>:rank:<board>   zset    owners, scored by one of their balances, see RANKED
  <realm>:<owner>:history  zset  "<ms> <id>", scored by offset: the events that this player made, and those that moved
                                 the player's balances
  <realm>:rejected       list    offsets of the rejected events
  <realm>:malformed_run  string  number of malformed records in a row at the end of the settled log
  <realm>:finals         list    "<ms> <offset> <id> <owner,owner>" for each final status, oldest first; the owners are
                                 those that have the event in their history. The status and the entries in the
                                 histories expire after a day of log time

State that depends on this Redis and the present:
  <realm>:<owner>:held   hash    the part of the settled balances that open holds set aside
  <realm>:holds          hash    event id -> the debits of its hold, JSON
  <realm>:deadlines      zset    event ids of the open holds, scored by deadline in ms
  <realm>:drafts         hash    event id -> the event of a hold whose request may be retried, JSON
  <realm>:attempts       hash    event id -> "<attempt> <ms> <ms>": number of the last attempt to append (0 once a void
                                 is due), time until which this attempt may last, time at which the first attempt
                                 began
  <realm>:stale          hash    event id -> the status from an older generation that a pending status replaces
  <realm>:run            string  run_id of the Redis server that last had these data
  <realm>:recovering     string  token of the fence that must settle before the realm takes holds
  <realm>:rebuilding     string  token of the rebuild, which alone may settle while this key exists
  <realm>:malformed_allowed  string  any number of malformed records up to this offset may go to quarantine
  <realm>:halted         string  the reason why settling has stopped, in words for people

If a script fails, Redis does not undo what the script has written. Therefore the ledger checks each record completely
before its first write, and moves the offset after each record.
]]

local OPENING = {charter = 1, vacancy = 1, crown = 1, likeness = 1, crest = 1}
local RANKED = {player = {gold = 'gold', victories = 'victories', health = 'health'}, guild = {free_agents = 'members'}}
local EXACT = 9007199254740991 -- 2^53 - 1: above it, Lua's numbers are not exact
local STATUS_LIFETIME = 24 * 3600 * 1000 -- ms of log time for which a final status is kept
-- A request may be retried for this number of hold lifetimes after its first attempt. This limit keeps retries
-- from extending a hold permanently.
local MAX_RETRY_LIFETIMES = 5
local SWEEP = 8 -- most expired holds that one call returns: enough to catch up, and few enough to keep the call cheap
local SWEEP_AGAIN = 5000 -- ms until an expired hold is returned again, in case its void was not written

local function split(account)
  local name = string.match(account, '^house:(.+)$')
  if name then return 'house', name end
  return string.match(account, '^(%a+:[^:]+):(.+)$')
end

-- The balance of an account before its first transfer: "edition_5" has five pieces, "quest:..." has one reward.
local function opening(name)
  if OPENING[name] then return OPENING[name] end
  if string.sub(name, 1, 6) == 'quest:' then return 1 end
  return tonumber(string.match(name, '^edition_([1-9]%d?%d?%d?%d?%d?)$')) or 0
end

local function read(realm, owner, name)
  return tonumber(redis.call('HGET', realm .. ':' .. owner, name)) or opening(name)
end

local function held(realm, owner, name)
  return tonumber(redis.call('HGET', realm .. ':' .. owner .. ':held', name)) or 0
end

local function rank(realm, owner, name, amount)
  local board = (RANKED[string.match(owner, '^%a+')] or {})[name]
  if not board then return end
  if amount == 0 then
    redis.call('ZREM', realm .. ':rank:' .. board, owner)
  else
    redis.call('ZADD', realm .. ':rank:' .. board, amount, owner)
  end
end

local function write(realm, owner, name, amount)
  rank(realm, owner, name, amount)
  if amount == opening(name) then
    redis.call('HDEL', realm .. ':' .. owner, name)
  elseif redis.call('HSET', realm .. ':' .. owner, name, amount) == 1 then
    redis.call('SADD', realm .. ':owners', owner)
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
  redis.call('HDEL', realm .. ':drafts', id)
  redis.call('HDEL', realm .. ':attempts', id)
end

-- Set the status of an event after its hold was dropped. The status is the one that follows from the log alone: no
-- status, or "voided" for an event from an older generation.
local function restore_stale_status(realm, id)
  local stale = redis.call('HGET', realm .. ':stale', id)
  redis.call('HDEL', realm .. ':stale', id)
  if stale then
    redis.call('SET', realm .. ':event:' .. id, stale)
  else
    redis.call('DEL', realm .. ':event:' .. id)
  end
end

-- The field request is "-" if the request had no Idempotency-Key. The details are JSON. They come last, because they
-- may contain spaces.
local function status_line(status, offset, type, player, request, details)
  return string.format('%s %s %s %s %s %s', status, offset, type, player, request, details)
end

local function status_of(realm, id)
  local line = redis.call('GET', realm .. ':event:' .. id)
  return line and string.match(line, '^%a+'), line
end

-- Returns whether no later record can change the status. The status of an event that was voided because of its older
-- generation is not final, because the request may be retried with the same id.
local function is_final(status, line)
  if status == 'voided' then return string.match(line, '^voided %d+ void ') ~= nil end
  return status == 'settled' or status == 'rejected'
end

local function milliseconds()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- Returns the generation of the realm as an integer.
local function generation_of(realm)
  return tonumber(redis.call('GET', realm .. ':generation') or -1)
end

-- Mark expired holds and return them as "<id> <player> <request> <generation>", so that the caller appends their voids.
-- From now on, the event of such a hold cannot be retried, and the hold cannot be released and taken again. Otherwise
-- the void that is under way would cancel a retry, and the process that retries would not know this.
local function expire_due_holds(realm, now)
  local ids = redis.call('ZRANGEBYSCORE', realm .. ':deadlines', '-inf', now, 'LIMIT', 0, SWEEP)
  local expired = {}
  for i, id in ipairs(ids) do
    redis.call('ZADD', realm .. ':deadlines', now + SWEEP_AGAIN, id)
    redis.call('HDEL', realm .. ':drafts', id)
    redis.call('HSET', realm .. ':attempts', id, '0 0 0')
    local _, line = status_of(realm, id)
    local player, request = string.match(line or '', '^%S+ %S+ %S+ (%S+) (%S+)')
    expired[i] = string.format('%s %s %s %d', id, player or '-', request or '-', generation_of(realm))
  end
  return expired
end

-- Returns whether the realm is closed. If the key "run" is missing, Redis has lost the realm's data. Then the balances
-- are not valid before the next attach.
local function is_closed(realm)
  return redis.call('EXISTS', realm .. ':recovering') == 1 or redis.call('EXISTS', realm .. ':run') == 0
end

-- ARGV: a new token. Each connection calls this function first. It compares the run_id of this server with that of the
-- server that last had these data. If they differ, Redis was restarted and may have lost holds. Then the realm is
-- closed until the fence with the token is settled.
-- Returns the token of the fence that the realm waits for, or "" if the realm is open.
local function attach(keys, args)
  local realm = keys[1]
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  if redis.call('GET', realm .. ':run') ~= run then
    redis.call('SET', realm .. ':recovering', args[1])
    redis.call('SET', realm .. ':run', run)
  end
  return redis.call('GET', realm .. ':recovering') or ''
end

local function as_hash(flat)
  local hash, count = {}, 0
  for i = 1, #flat, 2 do hash[flat[i]], count = tonumber(flat[i + 1]), count + 1 end
  return hash, count
end

local function has_amounts(key, expected)
  local amounts, unmatched = as_hash(redis.call('HGETALL', key))
  for name, amount in pairs(expected) do
    if amounts[name] ~= amount then return false end
    unmatched = unmatched - 1
  end
  return unmatched == 0
end

-- Takes a hold for the debits of an event.
-- ARGV: event id, type, player, lifetime of the hold in ms, debits [[account, amount]...], conditions [[account, least,
-- most]...], request, details, draft ("" for a request that cannot be retried), ms that an attempt may last, balances
-- of an owner as the client saw them {owner, settled, held} ("" if the request has no precondition).
-- Returns {"held", generation, expired holds} | {"already_exists", status line} | {"recovering"}
--       | {"condition_failed", account, balance} | {"insufficient_balance", account, available, amount}
--       | {"precondition_failed"}
local function reserve(keys, args)
  local realm, id = keys[1], args[1]
  if is_closed(realm) then return {'recovering'} end
  local status, line = status_of(realm, id)
  if status == 'pending' or is_final(status, line) then return {'already_exists', line} end
  if args[11] ~= '' then
    local expected = cjson.decode(args[11])
    local key = realm .. ':' .. expected.owner
    if not (has_amounts(key, expected.settled) and has_amounts(key .. ':held', expected.held)) then
      return {'precondition_failed'}
    end
  end
  local debits = cjson.decode(args[5])
  for _, debit in ipairs(debits) do
    local owner, name = split(debit[1])
    local available = read(realm, owner, name) - held(realm, owner, name)
    if available < debit[2] then return {'insufficient_balance', debit[1], available, debit[2]} end
  end
  for _, condition in ipairs(cjson.decode(args[6])) do
    local balance = read(realm, split(condition[1]))
    if balance < condition[2] or balance > condition[3] then return {'condition_failed', condition[1], balance} end
  end
  local now = milliseconds()
  local expired = expire_due_holds(realm, now)
  for _, debit in ipairs(debits) do
    local owner, name = split(debit[1])
    redis.call('HINCRBY', realm .. ':' .. owner .. ':held', name, debit[2])
  end
  redis.call('HSET', realm .. ':holds', id, args[5])
  redis.call('ZADD', realm .. ':deadlines', now + tonumber(args[4]), id)
  if line then redis.call('HSET', realm .. ':stale', id, line) end
  redis.call('SET', realm .. ':event:' .. id, status_line('pending', '-', args[2], args[3], args[7], args[8]))
  if args[9] ~= '' then
    redis.call('HSET', realm .. ':drafts', id, args[9])
    redis.call('HSET', realm .. ':attempts', id, string.format('1 %.0f %.0f', now + tonumber(args[10]), now))
  end
  return {'held', generation_of(realm), expired}
end

-- Starts another attempt to append the event of a hold, after an attempt with an unknown outcome.
-- ARGV: event id, lifetime of the hold in ms, ms that an attempt may last.
-- Returns {"resumed", generation, number of the attempt, draft} | {"attempt_in_progress"} | {"not_retryable"}
--       | {"already_exists", status line} | {"unknown_event"} | {"recovering"}
local function resume(keys, args)
  local realm, id = keys[1], args[1]
  if is_closed(realm) then return {'recovering'} end
  local status, line = status_of(realm, id)
  if not status then return {'unknown_event'} end
  if status ~= 'pending' then return {'already_exists', line} end
  local draft, now = redis.call('HGET', realm .. ':drafts', id), milliseconds()
  local deadline = tonumber(redis.call('ZSCORE', realm .. ':deadlines', id) or 0)
  if not draft or deadline <= now then return {'not_retryable'} end
  local attempt, ends, begun = string.match(redis.call('HGET', realm .. ':attempts', id), '^(%d+) (%d+) (%d+)$')
  if tonumber(ends) > now then return {'attempt_in_progress'} end
  if now - begun > MAX_RETRY_LIFETIMES * tonumber(args[2]) then return {'not_retryable'} end
  redis.call('ZADD', realm .. ':deadlines', now + tonumber(args[2]), id)
  redis.call('HSET', realm .. ':attempts', id, string.format('%d %.0f %s', attempt + 1, now + tonumber(args[3]), begun))
  return {'resumed', generation_of(realm), attempt + 1, draft}
end

-- Ends an attempt with an unknown outcome, so that the next attempt need not wait.
-- ARGV: event id, number of the attempt.
local function suspend(keys, args)
  local realm, id = keys[1], args[1]
  local attempt, begun = string.match(redis.call('HGET', realm .. ':attempts', id) or '', '^(%d+) %d+ (%d+)$')
  if attempt ~= args[2] then return 0 end
  redis.call('HSET', realm .. ':attempts', id, attempt .. ' 0 ' .. begun)
  return 1
end

-- Releases a hold. Call this only for an event that is certainly not in the log and will never be.
-- ARGV: event id, generation that the hold was taken in.
-- Returns 1 if the hold was released, otherwise 0. The hold is not released if a second attempt has begun, because that
-- attempt may have appended the event. It is also not released if a void is due.
local function release(keys, args)
  local realm, id = keys[1], args[1]
  if status_of(realm, id) ~= 'pending' then return 0 end
  local attempt = string.match(redis.call('HGET', realm .. ':attempts', id) or '', '^(%d+) ')
  if (attempt and attempt ~= '1') or generation_of(realm) ~= tonumber(args[2]) then return 0 end
  drop_hold(realm, id)
  restore_stale_status(realm, id)
  return 1
end

-- The API calls this function after the broker has acknowledged the event, and before the API responds 2xx.
-- ARGV: event id, generation that the hold was taken in.
-- Returns 1 if the hold still stands, so that the event in the log will settle, otherwise 0.
local function confirm(keys, args)
  local realm, id = keys[1], args[1]
  if status_of(realm, id) == 'settled' then return 1 end
  local stands = redis.call('HEXISTS', realm .. ':holds', id) == 1 and not is_closed(realm)
  return (stands and generation_of(realm) == tonumber(args[2])) and 1 or 0
end

-- Returns expired holds. This function is for a realm without requests, in which no call of reserve returns them.
local function sweep(keys, args)
  return expire_due_holds(keys[1], milliseconds())
end

-- Returns the balances after the transfers, or nil if a debit is not covered or a balance would be too large.
local function balances_after(realm, transfers)
  local balances = {}
  local function balance(account)
    if not balances[account] then balances[account] = read(realm, split(account)) end
    return balances[account]
  end
  -- Subtract all debits before adding any credit, so that the order of the transfers within an event does not matter.
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
    restore_stale_status(realm, id)
  end
  if redis.call('GET', realm .. ':recovering') == record.id then redis.call('DEL', realm .. ':recovering') end
  return 'settled'
end

local function apply(realm, record)
  if record.type == 'void' then return 'voided' end
  if record.type == 'fence' then return fence(realm, record) end
  local balances = balances_after(realm, record.transfers)
  if not balances then
    redis.call('RPUSH', realm .. ':rejected', record.offset)
    return 'rejected'
  end
  for account, balance in pairs(balances) do
    local owner, name = split(account)
    write(realm, owner, name, balance)
  end
  return 'settled'
end

-- Returns the players whose history gets the event: the player who made the event, and those whose balances it moved.
local function affected_players(record)
  local owners, known = {}, {}
  local function add(owner)
    if owner and not known[owner] then
      known[owner] = true
      owners[#owners + 1] = owner
    end
  end
  if record.player ~= '-' then add('player:' .. record.player) end
  for _, t in ipairs(record.transfers) do
    add(string.match(t[1], '^player:[^:]+'))
    add(string.match(t[2], '^player:[^:]+'))
  end
  table.sort(owners)
  return owners
end

local function expire_statuses(realm, now)
  -- Expire up to two statuses for each new one. So the list becomes short again after a pause, and no call takes long.
  for _ = 1, 2 do
    local oldest = redis.call('LINDEX', realm .. ':finals', 0)
    if not oldest then return end
    -- Entries that an older version of this library wrote have no owners.
    local at, offset, id, owners = string.match(oldest, '^(%d+) (%d+) (%S+) ?(%S*)$')
    if tonumber(at) > now - STATUS_LIFETIME then return end
    redis.call('LPOP', realm .. ':finals')
    for owner in string.gmatch(owners, '[^,]+') do
      redis.call('ZREMRANGEBYSCORE', realm .. ':' .. owner .. ':history', offset, offset)
    end
    local _, line = status_of(realm, id)
    -- The same id may have a newer status. That status is kept for a day after its own record.
    if line and string.match(line, '^%S+ (%S+)') == offset then
      redis.call('DEL', realm .. ':event:' .. id)
    elseif line then
      local stale = redis.call('HGET', realm .. ':stale', id)
      if stale and string.match(stale, '^%S+ (%S+)') == offset then redis.call('HDEL', realm .. ':stale', id) end
    end
  end
end

-- If ``is_pending`` is true, a later attempt of the same request has a hold. Then the pending status of that attempt
-- stays, and the status of this record is kept as the stale status.
local function store_status(realm, record, status, owners, is_pending)
  local line = status_line(status, record.offset, record.type, record.player, record.request, record.details)
  if is_pending then
    redis.call('HSET', realm .. ':stale', record.id, line)
  else
    redis.call('HDEL', realm .. ':stale', record.id)
    redis.call('SET', realm .. ':event:' .. record.id, line)
  end
  for _, owner in ipairs(owners) do
    local entry = string.format('%.0f %s', record.at, record.id)
    redis.call('ZADD', realm .. ':' .. owner .. ':history', record.offset, entry)
  end
  local final = string.format('%.0f %d %s %s', record.at, record.offset, record.id, table.concat(owners, ','))
  redis.call('RPUSH', realm .. ':finals', final)
end

local function settle_one(realm, record)
  if record.type == '-malformed' then return 'malformed' end
  if record.type == '-telemetry' then return 'telemetry' end
  -- Only log time decides which statuses expire, because a replay must drop the same ids before the same records.
  expire_statuses(realm, record.at)
  local status, line = status_of(realm, record.id)
  if is_final(status, line) then return 'duplicate' end
  if record.type ~= 'fence' and record.generation ~= generation_of(realm) then
    -- If the id has an open hold, the hold belongs to a later attempt of the same request and not to this record. A
    -- void belongs to a hold of the void's own generation, which the fence has already dropped. The record is added to
    -- no history, because its request may be retried.
    if record.type ~= 'void' then store_status(realm, record, 'voided', {}, status == 'pending') end
    return 'stale'
  end
  local outcome = apply(realm, record)
  drop_hold(realm, record.id)
  store_status(realm, record, outcome, affected_players(record))
  return outcome
end

-- Returns the new records, and the number of consecutive malformed records that end with the last new record.
-- Returns nil and an error message if the ledger must not apply any of the records.
local function new_records(realm, args, offset)
  local limit = tonumber(args[2])
  local run = tonumber(redis.call('GET', realm .. ':malformed_run') or 0)
  local allowed = tonumber(redis.call('GET', realm .. ':malformed_allowed') or -1)
  local records = {}
  for i = 3, #args do
    local record = cjson.decode(args[i])
    if record.offset > offset then
      if record.offset ~= offset + 1 then
        return nil, string.format('GAP expected %d got %d', offset + 1, record.offset)
      end
      offset = offset + 1
      run = record.type == '-malformed' and run + 1 or 0
      if limit > 0 and run > limit and offset > allowed then
        return nil, string.format('MALFORMED %d %d', run, offset)
      end
      records[#records + 1] = record
    end
  end
  return records, run
end

-- Settles records and skips those that are already settled.
-- ARGV: token of the rebuild that calls or "", allowed number of malformed records in a row (0 means no limit), then
-- the records in log order. Each record is JSON in one of these forms:
--   {offset, at, type, id, player, generation, request, details, transfers [[debit, credit, amount]...]} for an event
--   {offset, type: "-telemetry", kind} for a view event, which moves nothing and has no status
--   {offset, type: "-malformed"} for a malformed record
-- Returns the number of new records.
-- Errors: "REBUILDING", "GAP expected <offset> got <offset>", "MALFORMED <number in a row> <offset>".
local function settle(keys, args)
  local realm = keys[1]
  local rebuilding = redis.call('GET', realm .. ':rebuilding')
  if rebuilding and rebuilding ~= args[1] then return redis.error_reply('REBUILDING') end
  local records, run = new_records(realm, args, tonumber(redis.call('GET', realm .. ':offset') or -1))
  if not records then return redis.error_reply(run) end
  for _, record in ipairs(records) do
    local outcome = settle_one(realm, record)
    redis.call('HINCRBY', realm .. ':totals', outcome, 1)
    if outcome == 'settled' or outcome == 'telemetry' then
      redis.call('HINCRBY', realm .. ':types', record.kind or record.type, 1)
    end
    redis.call('SET', realm .. ':offset', record.offset)
  end
  if #records > 0 then redis.call('SET', realm .. ':malformed_run', run) end
  return #records
end

-- Closes the realm, and gives the owner of the token the sole right to settle. A later call with another token takes
-- this right over.
-- ARGV: a token. Returns the offset of the realm.
local function begin_rebuild(keys, args)
  redis.call('SET', keys[1] .. ':recovering', args[1])
  redis.call('SET', keys[1] .. ':rebuilding', args[1])
  return tonumber(redis.call('GET', keys[1] .. ':offset') or -1)
end

local FIXED = {'owners', 'offset', 'generation', 'totals', 'types', 'rejected', 'malformed_run', 'finals', 'holds',
  'deadlines', 'drafts', 'attempts', 'stale', 'rank:gold', 'rank:victories', 'rank:health', 'rank:members'}

-- Removes a part of the state, so that no call takes long.
-- ARGV: the token of begin_rebuild, maximal number of keys to remove. Returns 0 when nothing is left, otherwise 1.
local function wipe(keys, args)
  local realm, left = keys[1], tonumber(args[2])
  if redis.call('GET', realm .. ':rebuilding') ~= args[1] then return redis.error_reply('REBUILDING') end
  for _, id in ipairs(redis.call('HKEYS', realm .. ':holds')) do
    drop_hold(realm, id)
    redis.call('DEL', realm .. ':event:' .. id)
  end
  for _, entry in ipairs(redis.call('LPOP', realm .. ':finals', left) or {}) do
    local id, owners = string.match(entry, '^%d+ %d+ (%S+) ?(%S*)$')
    redis.call('DEL', realm .. ':event:' .. id)
    for owner in string.gmatch(owners, '[^,]+') do redis.call('DEL', realm .. ':' .. owner .. ':history') end
    left = left - 1
  end
  for _, owner in ipairs(left > 0 and redis.call('SPOP', realm .. ':owners', left) or {}) do
    redis.call('DEL', realm .. ':' .. owner)
    left = left - 1
  end
  if left <= 0 then return 1 end
  for _, name in ipairs(FIXED) do redis.call('DEL', realm .. ':' .. name) end
  return 0
end

-- Ends the sole right to settle. The realm stays closed until its fence is settled.
-- ARGV: the token of begin_rebuild. Returns 1, or 0 if another rebuild has taken over the right.
local function end_rebuild(keys, args)
  if redis.call('GET', keys[1] .. ':rebuilding') ~= args[1] then return 0 end
  redis.call('DEL', keys[1] .. ':rebuilding')
  return 1
end

-- ARGV: an owner. Returns {offset, settled balances, held amounts}. The balances and the amounts are flat lists {name,
-- amount, ...}. Returns {} for a closed realm, because its state may be older than what the player has seen.
local function holdings(keys, args)
  local realm = keys[1]
  if is_closed(realm) then return {} end
  return {
    tonumber(redis.call('GET', realm .. ':offset') or -1),
    redis.call('HGETALL', realm .. ':' .. args[1]),
    redis.call('HGETALL', realm .. ':' .. args[1] .. ':held'),
  }
end

-- ARGV: event id. Returns {status line}, or {""} for an unknown id, or {} for a closed realm.
local function event(keys, args)
  if is_closed(keys[1]) then return {} end
  local _, line = status_of(keys[1], args[1])
  return {line or ''}
end

-- ARGV: an owner "player:<name>", "before" or "after", an offset, maximal number of events.
-- Returns {{offset, "<ms> <id>", status line}...}, or {"closed"} for a closed realm. Events before the offset come with
-- the newest first, and events after the offset come with the oldest first.
local function history(keys, args)
  local realm = keys[1]
  if is_closed(realm) then return {'closed'} end
  local key, beyond, found = realm .. ':' .. args[1] .. ':history', '(' .. args[3], nil
  if args[2] == 'before' then
    found = redis.call('ZREVRANGEBYSCORE', key, beyond, '-inf', 'WITHSCORES', 'LIMIT', 0, args[4])
  else
    found = redis.call('ZRANGEBYSCORE', key, beyond, '+inf', 'WITHSCORES', 'LIMIT', 0, args[4])
  end
  local entries = {}
  for i = 1, #found, 2 do
    local _, line = status_of(realm, string.match(found[i], '%S+$'))
    if line then entries[#entries + 1] = {found[i + 1], found[i], line} end
  end
  return entries
end

-- ARGV: a board, first place and last place, counted from 0.
-- Returns {owner, amount, ...} with the largest amount first, or {"closed"} for a closed realm.
local function ranking(keys, args)
  if is_closed(keys[1]) then return {'closed'} end
  return redis.call('ZREVRANGE', keys[1] .. ':rank:' .. args[1], args[2], args[3], 'WITHSCORES')
end

-- Returns the state of a realm for people who watch it, even if the realm is closed.
-- ARGV: number of latest events to return.
-- Returns {offset, totals, types, number of open holds, earliest deadline of an open hold or 0, token of the fence that
-- the realm waits for or "", reason of a halt or "", {{"<ms> <offset> <id> <owners>", status line}...}}.
local function overview(keys, args)
  local realm, latest = keys[1], {}
  for _, entry in ipairs(redis.call('LRANGE', realm .. ':finals', -args[1], -1)) do
    local _, line = status_of(realm, string.match(entry, '^%d+ %d+ (%S+)'))
    latest[#latest + 1] = {entry, line or ''}
  end
  return {
    tonumber(redis.call('GET', realm .. ':offset') or -1),
    redis.call('HGETALL', realm .. ':totals'),
    redis.call('HGETALL', realm .. ':types'),
    redis.call('HLEN', realm .. ':holds'),
    tonumber(redis.call('ZRANGE', realm .. ':deadlines', 0, 0, 'WITHSCORES')[2] or 0),
    redis.call('GET', realm .. ':recovering') or '',
    redis.call('GET', realm .. ':halted') or '',
    latest,
  }
end

-- Returns all balances of the realm at one moment: {offset, generation, rejected offsets, ids of open holds, {{owner,
-- settled balances, held amounts}...}}.
local function snapshot(keys, args)
  local realm = keys[1]
  local balances = {}
  for i, owner in ipairs(redis.call('SMEMBERS', realm .. ':owners')) do
    balances[i] = {
      owner,
      redis.call('HGETALL', realm .. ':' .. owner),
      redis.call('HGETALL', realm .. ':' .. owner .. ':held'),
    }
  end
  local offset = tonumber(redis.call('GET', realm .. ':offset') or -1)
  local rejected = redis.call('LRANGE', realm .. ':rejected', 0, -1)
  return {offset, generation_of(realm), rejected, redis.call('HKEYS', realm .. ':holds'), balances}
end

redis.register_function('attach', attach)
redis.register_function('reserve', reserve)
redis.register_function('resume', resume)
redis.register_function('suspend', suspend)
redis.register_function('release', release)
redis.register_function('sweep', sweep)
redis.register_function('settle', settle)
redis.register_function('begin_rebuild', begin_rebuild)
redis.register_function('wipe', wipe)
redis.register_function('end_rebuild', end_rebuild)
redis.register_function{function_name = 'confirm', callback = confirm, flags = {'no-writes'}}
redis.register_function{function_name = 'holdings', callback = holdings, flags = {'no-writes'}}
redis.register_function{function_name = 'event', callback = event, flags = {'no-writes'}}
redis.register_function{function_name = 'history', callback = history, flags = {'no-writes'}}
redis.register_function{function_name = 'ranking', callback = ranking, flags = {'no-writes'}}
redis.register_function{function_name = 'overview', callback = overview, flags = {'no-writes'}}
redis.register_function{function_name = 'snapshot', callback = snapshot, flags = {'no-writes'}}
