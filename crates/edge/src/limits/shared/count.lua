-- GCRA for up to two counters that stand or fall together: that of an address's /48, and its own.
-- KEYS: the counters. ARGV: what to do, then for each counter its period and interval in microseconds, and how many to count.
-- Returns which counter refuses, 0 if none, and what each owes: its arrival time minus now.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local refusing, owed, due = 0, {}, {}
for i, key in ipairs(KEYS) do
  local period, interval, count = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local at = math.max(tonumber(redis.call('GET', key) or '') or now, now)
  -- However far others overdrew, or a clock was wrong: after two periods everything is forgotten.
  at = math.min(at, now + 2 * period)
  owed[i] = at - now
  due[i] = math.min(owed[i] + interval * count, 2 * period)
  if refusing == 0 and due[i] > period then refusing = i end
end
if ARGV[1] == 'look' or (ARGV[1] == 'try' and refusing > 0) then return { refusing, unpack(owed) } end
for i, key in ipairs(KEYS) do
  if due[i] > 0 then
    redis.call('SET', key, string.format('%.0f', now + due[i]), 'PX', math.ceil(due[i] / 1000))
  else
    redis.call('DEL', key)
    due[i] = 0
  end
end
return { 0, unpack(due) }
