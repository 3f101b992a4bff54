#!lua name=guildhall
--[[
The ledger. Every function works on one realm and is atomic. KEYS[1] is the realm's hash tag, "realm:{n}"; all keys of
a realm start with it, so that they lie in one slot of a Redis Cluster.

A function of the log alone, so that a replay gives the same bytes:
  <realm>:<owner>        hash    settled balances: name -> amount, without those at their opening balance
  <realm>:owners         set     every owner that has or had a balance
  <realm>:event:<id>     string  "<status> <offset> <type> <player> <request> <details>", see status_line
  <realm>:offset         string  offset of the last settled record
  <realm>:generation     string  offset of the fence that opened this generation
  <realm>:totals         hash    how many records ended as settled, voided, stale, rejected, duplicate, malformed
  <realm>:types          hash    how many events of each type were settled or, for telemetry, seen
  <realm>:rank:<board>   zset    owners by a balance, see RANKED
  <realm>:<owner>:history  zset  "<ms> <id>" by offset: the events that this player made or was moved by
  <realm>:rejected       list    offsets of the rejected events
  <realm>:malformed_run  string  how many malformed records in a row the log ends with so far
  <realm>:finals         list    "<ms> <offset> <id> <owner,owner>" of statuses and those who have it in their history,
                                 oldest first: a day of log time later they are dropped

Of this Redis and this moment:
  <realm>:<owner>:held   hash    what open holds set aside of the settled balances
  <realm>:holds          hash    event id -> the debits of its hold, JSON
  <realm>:deadlines      zset    event ids of the open holds by deadline, ms
  <realm>:drafts         hash    event id -> the event of a hold whose request may be tried again, JSON
  <realm>:attempts       hash    event id -> "<number> <ms> <ms>": the last try to append (0 once a void is due), its end, its first's begin
  <realm>:stale          hash    event id -> the status of an older generation that a pending one covers
  <realm>:run            string  run_id of the server that these data were last seen on
  <realm>:recovering     string  token of the fence that must settle before anything may be reserved
  <realm>:rebuilding     string  token of the one who alone may settle, because the state is being rebuilt
  <realm>:malformed_allowed  string  malformed records up to this offset may go to quarantine however many they are
  <realm>:halted         string  why settling has stopped, for people

Redis does not roll a script back. So each record is checked whole before its first write, and the offset moves record
by record.
]]

local OPENING = {charter = 1, vacancy = 1, crown = 1, likeness = 1, crest = 1}
local RANKED = {player = {gold = 'gold', victories = 'victories', health = 'health'}, guild = {free_agents = 'members'}}
local EXACT = 9007199254740991 -- 2^53 - 1: beyond it Lua's numbers are not exact
local REMEMBERED = 24 * 3600 * 1000 -- ms of log time for which a final status is kept
local TRIED_FOR = 5 -- lifetimes of a hold for which its request may be tried again: who retries must not hold for ever
local SWEEP = 8 -- overdue holds named in one answer: enough to catch up, little enough to stay cheap
local SWEEP_AGAIN = 5000 -- ms before an overdue hold is named again, in case its void was not written

local function split(account)
  local name = string.match(account, '^house:(.+)$')
  if name then return 'house', name end
  return string.match(account, '^(%a+:[^:]+):(.+)$')
end

-- What an account has that no transfer has touched: "edition_5" is five of its kind, "quest:..." one reward to be had.
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

-- What the log says of an event whose hold goes without it: nothing, or that it was voided in an older generation.
local function uncover(realm, id)
  local stale = redis.call('HGET', realm .. ':stale', id)
  redis.call('HDEL', realm .. ':stale', id)
  if stale then
    redis.call('SET', realm .. ':event:' .. id, stale)
  else
    redis.call('DEL', realm .. ':event:' .. id)
  end
end

-- The request is "-" for one without an Idempotency-Key; the details are JSON and come last, as they may have spaces.
local function status_line(status, offset, type, player, request, details)
  return string.format('%s %s %s %s %s %s', status, offset, type, player, request, details)
end

local function status_of(realm, id)
  local line = redis.call('GET', realm .. ':event:' .. id)
  return line and string.match(line, '^%a+'), line
end

-- Whether nothing that the log may still bring can change what became of the event. An event that was voided because
-- it came from an older generation is not final: its request may be tried again, with the same id.
local function is_final(status, line)
  if status == 'voided' then return string.match(line, '^voided %d+ void ') ~= nil end
  return status == 'settled' or status == 'rejected'
end

local function milliseconds()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- The generation of the realm, as an integer.
local function generation_of(realm)
  return tonumber(redis.call('GET', realm .. ':generation') or -1)
end

-- Names overdue holds, "<id> <player> <request> <generation>", so that the caller appends their voids. From here on nobody may try
-- to append their events again, nor release them and begin anew: a void that is under way would win without the one who
-- tries knowing it.
local function overdue(realm, now)
  local ids = redis.call('ZRANGEBYSCORE', realm .. ':deadlines', '-inf', now, 'LIMIT', 0, SWEEP)
  local named = {}
  for i, id in ipairs(ids) do
    redis.call('ZADD', realm .. ':deadlines', now + SWEEP_AGAIN, id)
    redis.call('HDEL', realm .. ':drafts', id)
    redis.call('HSET', realm .. ':attempts', id, '0 0 0')
    local _, line = status_of(realm, id)
    local player, request = string.match(line or '', '^%S+ %S+ %S+ (%S+) (%S+)')
    named[i] = string.format('%s %s %s %d', id, player or '-', request or '-', generation_of(realm))
  end
  return named
end

-- A realm without a run was wiped: until somebody attaches to it, its balances say nothing.
local function is_closed(realm)
  return redis.call('EXISTS', realm .. ':recovering') == 1 or redis.call('EXISTS', realm .. ':run') == 0
end

-- ARGV: a fresh token. The first call on each connection: compares the server with the one that these data were last
-- seen on. A server that was restarted may have lost holds, so then the realm is closed until the fence with the token
-- is settled. Answers the token of the fence that the realm waits for, or "".
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

local function is_same(key, seen)
  local now, left = as_hash(redis.call('HGETALL', key))
  for name, amount in pairs(seen) do
    if now[name] ~= amount then return false end
    left = left - 1
  end
  return left == 0
end

-- ARGV: event id, type, player, lifetime of the hold in ms, debits [[account, amount]...], conditions [[account, least,
-- most]...], request, details, draft ("" for a request that cannot be tried again), ms that a try may last, what the
-- client saw of an owner {owner, settled, held} ("" if it does not matter).
-- Answers {"held", generation, overdue...} | {"seen", status line} | {"recovering"} | {"changed", account, balance}
--       | {"short", account, available, amount} | {"outdated"}
local function reserve(keys, args)
  local realm, id = keys[1], args[1]
  if is_closed(realm) then return {'recovering'} end
  local status, line = status_of(realm, id)
  if status == 'pending' or is_final(status, line) then return {'seen', line} end
  if args[11] ~= '' then
    local seen = cjson.decode(args[11])
    local key = realm .. ':' .. seen.owner
    if not (is_same(key, seen.settled) and is_same(key .. ':held', seen.held)) then return {'outdated'} end
  end
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
  if line then redis.call('HSET', realm .. ':stale', id, line) end
  redis.call('SET', realm .. ':event:' .. id, status_line('pending', '-', args[2], args[3], args[7], args[8]))
  if args[9] ~= '' then
    redis.call('HSET', realm .. ':drafts', id, args[9])
    redis.call('HSET', realm .. ':attempts', id, string.format('1 %.0f %.0f', now + tonumber(args[10]), now))
  end
  return {'held', generation_of(realm), late}
end

-- ARGV: event id, lifetime of the hold in ms, ms that a try may last. Takes up a hold whose first try came to no end
-- that anybody knows: the same event is to be appended again.
-- Answers {"resumed", generation, number of the try, draft} | {"busy"} | {"doomed"} | {"seen", line} | {"gone"} |
-- {"recovering"}
local function resume(keys, args)
  local realm, id = keys[1], args[1]
  if is_closed(realm) then return {'recovering'} end
  local status, line = status_of(realm, id)
  if not status then return {'gone'} end
  if status ~= 'pending' then return {'seen', line} end
  local draft, now = redis.call('HGET', realm .. ':drafts', id), milliseconds()
  local deadline = tonumber(redis.call('ZSCORE', realm .. ':deadlines', id) or 0)
  if not draft or deadline <= now then return {'doomed'} end
  local number, lasts, begun = string.match(redis.call('HGET', realm .. ':attempts', id), '^(%d+) (%d+) (%d+)$')
  if tonumber(lasts) > now then return {'busy'} end
  if now - begun > TRIED_FOR * tonumber(args[2]) then return {'doomed'} end
  redis.call('ZADD', realm .. ':deadlines', now + tonumber(args[2]), id)
  redis.call('HSET', realm .. ':attempts', id, string.format('%d %.0f %s', number + 1, now + tonumber(args[3]), begun))
  return {'resumed', generation_of(realm), number + 1, draft}
end

-- ARGV: event id, number of the try. The try has ended and nobody knows how: the next one need not wait.
local function suspend(keys, args)
  local realm, id = keys[1], args[1]
  local number, begun = string.match(redis.call('HGET', realm .. ':attempts', id) or '', '^(%d+) %d+ (%d+)$')
  if number ~= args[2] then return 0 end
  redis.call('HSET', realm .. ':attempts', id, number .. ' 0 ' .. begun)
  return 1
end

-- ARGV: event id, generation that the hold was taken in. Gives the hold back: only for an event that certainly is not in the log and never will be. Not once
-- it was tried again, as then another try may have appended it, nor once its void is on its way.
local function release(keys, args)
  local realm, id = keys[1], args[1]
  if status_of(realm, id) ~= 'pending' then return 0 end
  local number = string.match(redis.call('HGET', realm .. ':attempts', id) or '', '^(%d+) ')
  if (number and number ~= '1') or generation_of(realm) ~= tonumber(args[2]) then return 0 end
  drop_hold(realm, id)
  uncover(realm, id)
  return 1
end

-- ARGV: event id, generation that the hold was taken in. Asked after the broker's acknowledgement and before a 2xx:
-- does the lineage of the hold still stand, so that the event in the log will settle?
local function confirm(keys, args)
  local realm, id = keys[1], args[1]
  if status_of(realm, id) == 'settled' then return 1 end
  local stands = redis.call('HEXISTS', realm .. ':holds', id) == 1 and not is_closed(realm)
  return (stands and generation_of(realm) == tonumber(args[2])) and 1 or 0
end

-- Names overdue holds of a realm that nobody touches.
local function sweep(keys, args)
  return overdue(keys[1], milliseconds())
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
    uncover(realm, id)
  end
  if redis.call('GET', realm .. ':recovering') == record.id then redis.call('DEL', realm .. ':recovering') end
  return 'settled'
end

local function apply(realm, record)
  if record.type == 'void' then return 'voided' end
  if record.type == 'fence' then return fence(realm, record) end
  local balances = covered(realm, record.transfers)
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

-- The players whose history an event belongs to: who made it, and whom it moved.
local function concerned(record)
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

local function forget(realm, now)
  -- Two for each one added: the list shrinks back after a pause, and no call takes long.
  for _ = 1, 2 do
    local oldest = redis.call('LINDEX', realm .. ':finals', 0)
    if not oldest then return end
    -- What a Redis of an older version remembers has no owners.
    local at, offset, id, owners = string.match(oldest, '^(%d+) (%d+) (%S+) ?(%S*)$')
    if tonumber(at) > now - REMEMBERED then return end
    redis.call('LPOP', realm .. ':finals')
    for owner in string.gmatch(owners, '[^,]+') do
      redis.call('ZREMRANGEBYSCORE', realm .. ':' .. owner .. ':history', offset, offset)
    end
    local _, line = status_of(realm, id)
    -- The id may have got a newer status since, which is remembered for a day of its own.
    if line and string.match(line, '^%S+ (%S+)') == offset then
      redis.call('DEL', realm .. ':event:' .. id)
    elseif line then
      local stale = redis.call('HGET', realm .. ':stale', id)
      if stale and string.match(stale, '^%S+ (%S+)') == offset then redis.call('HDEL', realm .. ':stale', id) end
    end
  end
end

local function remember(realm, record, status, owners, covered_by_pending)
  local line = status_line(status, record.offset, record.type, record.player, record.request, record.details)
  if covered_by_pending then
    redis.call('HSET', realm .. ':stale', record.id, line)
  else
    redis.call('HDEL', realm .. ':stale', record.id)
    redis.call('SET', realm .. ':event:' .. record.id, line)
  end
  for _, owner in ipairs(owners) do
    redis.call('ZADD', realm .. ':' .. owner .. ':history', record.offset, string.format('%.0f %s', record.at, record.id))
  end
  local entry = string.format('%.0f %d %s %s', record.at, record.offset, record.id, table.concat(owners, ','))
  redis.call('RPUSH', realm .. ':finals', entry)
end

local function settle_one(realm, record)
  if record.type == '-malformed' then return 'malformed' end
  if record.type == '-telemetry' then return 'telemetry' end
  -- Log time alone decides what is forgotten: a replay must forget the same ids before the same records.
  forget(realm, record.at)
  local status, line = status_of(realm, record.id)
  if is_final(status, line) then return 'duplicate' end
  if record.type ~= 'fence' and record.generation ~= generation_of(realm) then
    -- A hold that is open now belongs to a later try of the same request: it is not this record's. A void is for a hold
    -- of its generation, which the fence has ended already.
    -- It is in no history, as its request may be tried again.
    if record.type ~= 'void' then remember(realm, record, 'voided', {}, status == 'pending') end
    return 'stale'
  end
  local outcome = apply(realm, record)
  drop_hold(realm, record.id)
  remember(realm, record, outcome, concerned(record))
  return outcome
end

-- The records that are new, or an error that says why none of them may be applied.
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

-- ARGV: token of a rebuild or "", how many malformed records in a row are too many (0: no limit), then the records in
-- log order, JSON {offset, at, type, id, player, generation, request, details, transfers [[debit, credit, amount]...]},
-- or {offset, type: "-malformed"} for what is no event, or {offset, type: "-telemetry", kind} for what moves nothing and
-- need not be remembered. Skips what is settled already; answers how many it settled.
-- Errors: "REBUILDING", "GAP expected <offset> got <offset>", "MALFORMED <how many in a row> <offset>".
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

-- ARGV: a token. Closes the realm and gives its owner the sole right to settle; a later call takes it away again.
local function begin_rebuild(keys, args)
  redis.call('SET', keys[1] .. ':recovering', args[1])
  redis.call('SET', keys[1] .. ':rebuilding', args[1])
  return tonumber(redis.call('GET', keys[1] .. ':offset') or -1)
end

local FIXED = {'owners', 'offset', 'generation', 'totals', 'types', 'rejected', 'malformed_run', 'finals', 'holds',
  'deadlines', 'drafts', 'attempts', 'stale', 'rank:gold', 'rank:victories', 'rank:health', 'rank:members'}

-- ARGV: the token of begin_rebuild, how many keys at most. Removes the state step by step, so that no call takes long;
-- answers 0 when nothing is left.
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

-- ARGV: the token of begin_rebuild. Anybody may settle again; the realm stays closed until its fence is settled.
local function end_rebuild(keys, args)
  if redis.call('GET', keys[1] .. ':rebuilding') ~= args[1] then return 0 end
  redis.call('DEL', keys[1] .. ':rebuilding')
  return 1
end

-- ARGV: an owner. Answers {offset, settled balances, held amounts}, both as flat lists of name and amount; {} for a
-- realm that is closed, as an older state would tell a player of a time before what the player has seen.
local function holdings(keys, args)
  local realm = keys[1]
  if is_closed(realm) then return {} end
  return {
    tonumber(redis.call('GET', realm .. ':offset') or -1),
    redis.call('HGETALL', realm .. ':' .. args[1]),
    redis.call('HGETALL', realm .. ':' .. args[1] .. ':held'),
  }
end

-- ARGV: event id. Answers {status line}, {""} for an id that is not known, {} for a realm that is closed.
local function event(keys, args)
  if is_closed(keys[1]) then return {} end
  local _, line = status_of(keys[1], args[1])
  return {line or ''}
end

-- ARGV: a player's owner, "before" or "after", an offset, how many at most. Answers {{offset, "<ms> <id>", line}...}, the
-- newest first before an offset and the oldest first after it; {"closed"} for a realm that is closed.
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

-- ARGV: a board, first place and last place, from 0. Answers {owner, amount, ...}, the largest first.
local function ranking(keys, args)
  if is_closed(keys[1]) then return {'closed'} end
  return redis.call('ZREVRANGE', keys[1] .. ':rank:' .. args[1], args[2], args[3], 'WITHSCORES')
end

-- ARGV: how many of the latest events. What a watcher wants to know of a realm, whether it is closed or not: {offset,
-- outcomes, types, number of open holds, deadline of the oldest one or 0, token of the fence that it waits for, why it is
-- halted, {{"<ms> <offset> <id> <owners>", line}...}}.
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

-- All books of the realm from one moment: {offset, generation, rejected offsets, ids of open holds, {{owner, balances,
-- held}...}}.
local function snapshot(keys, args)
  local realm = keys[1]
  local books = {}
  for i, owner in ipairs(redis.call('SMEMBERS', realm .. ':owners')) do
    books[i] = {
      owner,
      redis.call('HGETALL', realm .. ':' .. owner),
      redis.call('HGETALL', realm .. ':' .. owner .. ':held'),
    }
  end
  local offset = tonumber(redis.call('GET', realm .. ':offset') or -1)
  local rejected = redis.call('LRANGE', realm .. ':rejected', 0, -1)
  return {offset, generation_of(realm), rejected, redis.call('HKEYS', realm .. ':holds'), books}
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
