/*
 * limit_redis_scripts.h - what limit_redis.c has Redis do, in Lua. Nobody else
 * includes it.
 *
 * Each is one step that nothing comes between. KEYS[1] is `place`, which all
 * names begin with (redis_eval_in_run()); behind it there are
 *
 *	rate/NAME        a hash: `used`, the sum of all slots that still count;
 *	                 `first` and `last`, their numbers; `width` of one in
 *	                 ms; `birth`; and each slot's count under its number.
 *	                 Slot n is what was taken from n * width on.
 *	concurrent/NAME  a hash: `used`, `birth`
 *	amount/NAME      a hash: `used` (missing: not begun), `granted`, `ends`
 *	                 (Unix ms), `birth`
 *	call/ID          a reservation: process, when, tokens, picousd, note,
 *	                 and what was taken: kind, unit, name, amount, slot,
 *	                 birth of the counter, ends
 *	process/NUMBER   the ids of the reservations of one process
 *	processes        by number, when each has last said that it lives
 *	seen             when the last look at the clock was
 *	since            when this was begun
 *	births           how many counters were ever made
 *
 * and all of them expire. ARGV[1] is the time, or -1: then it is Redis' own,
 * so that hosts whose clocks differ count in the same slots.
 */
#ifndef HOT_LIMIT_REDIS_SCRIPTS_H
#define HOT_LIMIT_REDIS_SCRIPTS_H

/* clang-format off */

/* The time, for all of them. */
#define LUA_CLOCK \
	"local place, call = KEYS[1], redis.call\n" \
	"local DAY = 86400000\n" \
	"local clock = call('TIME')\n" \
	"local now = tonumber(ARGV[1])\n" \
	"if now < 0 then\n" \
	"  now = clock[1] * 1000 + math.floor(clock[2] / 1000)\n" \
	"end\n" \
	"local function text(number)\n" \
	"  return string.format('%.0f', number)\n" \
	"end\n"

/*
 * Numbers of 64 bits are texts: Lua's own are exact up to 2^53 only, which
 * 9008 USD in picodollars pass. Long ones are added in two halves of nine
 * digits and the rest, both of the number's sign.
 */
#define LUA_NUMBERS \
	"local MOST = '9223372036854775807'\n" \
	"local function halves(s)\n" \
	"  local sign = 1\n" \
	"  if s:sub(1, 1) == '-' then\n" \
	"    sign, s = -1, s:sub(2)\n" \
	"  end\n" \
	"  return sign * tonumber('0' .. s:sub(1, -10)), sign * tonumber(s:sub(-9))\n" \
	"end\n" \
	"local function joined(high, low)\n" \
	"  local carry = math.floor(low / 1e9)\n" \
	"  high, low = high + carry, low - carry * 1e9\n" \
	"  if high < 0 and low > 0 then\n" \
	"    high, low = high + 1, low - 1e9\n" \
	"  end\n" \
	"  local sign = ''\n" \
	"  if high < 0 or low < 0 then\n" \
	"    sign, high, low = '-', -high, -low\n" \
	"  end\n" \
	"  if high > 9223372036 or (high == 9223372036 and low > 854775807) then\n" \
	"    return sign .. MOST\n" \
	"  end\n" \
	"  if high == 0 then\n" \
	"    return sign .. text(low)\n" \
	"  end\n" \
	"  return sign .. string.format('%.0f%09.0f', high, low)\n" \
	"end\n" \
	"local function add(a, b)\n" \
	"  if #a < 16 and #b < 16 then\n" \
	"    return text(a + b)\n" \
	"  end\n" \
	"  local ah, al = halves(a)\n" \
	"  local bh, bl = halves(b)\n" \
	"  return joined(ah + bh, al + bl)\n" \
	"end\n" \
	"local function minus(a)\n" \
	"  if a:sub(1, 1) == '-' then\n" \
	"    return a:sub(2)\n" \
	"  end\n" \
	"  return a == '0' and a or '-' .. a\n" \
	"end\n" \
	"local function less(a, b)\n" \
	"  if #a < 16 and #b < 16 then\n" \
	"    return tonumber(a) < tonumber(b)\n" \
	"  end\n" \
	"  local ah, al = halves(a)\n" \
	"  local bh, bl = halves(b)\n" \
	"  return ah < bh or (ah == bh and al < bl)\n" \
	"end\n" \
	"local function floored(a)\n" \
	"  return a:sub(1, 1) == '-' and '0' or a\n" \
	"end\n"

/* Counters as they are now: what has slid out of a rate is taken off it, and
 * an amount whose time is over is forgotten. One without `birth` is new. */
#define LUA_COUNTERS \
	"local KEEP_ENDED, PATIENCE = 3600000, 10000\n" \
	"local function key_of(kind, name)\n" \
	"  return place .. kind .. '/' .. name\n" \
	"end\n" \
	"local function birth()\n" \
	"  local name = place .. 'births'\n" \
	"  local number = call('INCR', name)\n" \
	"  call('PEXPIRE', name, 400 * DAY)\n" \
	"  return clock[1] .. '.' .. number\n" \
	"end\n" \
	"local function slots_between(key, from, to, visit)\n" \
	"  for at = from, to, 100 do\n" \
	"    local names = {}\n" \
	"    for slot = at, math.min(at + 99, to) do\n" \
	"      names[#names + 1] = text(slot)\n" \
	"    end\n" \
	"    local counts = call('HMGET', key, unpack(names))\n" \
	"    for i, count in ipairs(counts) do\n" \
	"      if count and visit(names[i], count) then\n" \
	"        return\n" \
	"      end\n" \
	"    end\n" \
	"  end\n" \
	"end\n" \
	"local function keep_rate(c, window)\n" \
	"  call('PEXPIRE', c.key, text(2 * window + DAY))\n" \
	"end\n" \
	"local function move_back(c, by)\n" \
	"  local moved = { c.key, 'first', text(c.first - by), 'last', text(c.last - by),\n" \
	"    'used', c.used, 'birth', c.birth, 'width', text(c.width) }\n" \
	"  slots_between(c.key, c.first, c.last, function(slot, count)\n" \
	"    moved[#moved + 1] = text(slot - by)\n" \
	"    moved[#moved + 1] = count\n" \
	"  end)\n" \
	"  call('DEL', c.key)\n" \
	"  call('HSET', unpack(moved))\n" \
	"  c.first, c.last = c.first - by, c.last - by\n" \
	"end\n" \
	"local function slide(c, window, width)\n" \
	"  local first = math.floor((now - window) / width)\n" \
	"  local current = math.floor(now / width)\n" \
	"  if (c.last - current) * width > math.max(window, PATIENCE) then\n" \
	"    move_back(c, c.last - current)\n" \
	"    keep_rate(c, window)\n" \
	"  end\n" \
	"  if first > c.last or c.width ~= width then\n" \
	"    call('DEL', c.key)\n" \
	"    c.used, c.birth = '0', nil\n" \
	"  elseif first > c.first then\n" \
	"    local over = {}\n" \
	"    slots_between(c.key, c.first, first - 1, function(slot, count)\n" \
	"      over[#over + 1] = slot\n" \
	"      c.used = floored(add(c.used, minus(count)))\n" \
	"    end)\n" \
	"    if #over > 0 then\n" \
	"      call('HDEL', c.key, unpack(over))\n" \
	"    end\n" \
	"    call('HSET', c.key, 'first', text(first), 'used', c.used)\n" \
	"    c.first = first\n" \
	"  end\n" \
	"end\n" \
	"local load = {}\n" \
	"function load.rate(name, window, width)\n" \
	"  local key = key_of('rate', name)\n" \
	"  local f = call('HMGET', key, 'used', 'birth', 'first', 'last', 'width')\n" \
	"  local c = { key = key, used = f[1] or '0', birth = f[2] }\n" \
	"  if c.birth then\n" \
	"    c.first, c.last, c.width = tonumber(f[3]), tonumber(f[4]), tonumber(f[5])\n" \
	"    slide(c, window, width)\n" \
	"  end\n" \
	"  return c\n" \
	"end\n" \
	"function load.concurrent(name)\n" \
	"  local key = key_of('concurrent', name)\n" \
	"  local f = call('HMGET', key, 'used', 'birth')\n" \
	"  return { key = key, used = f[1] or '0', birth = f[2] }\n" \
	"end\n" \
	"function load.amount(name)\n" \
	"  local key = key_of('amount', name)\n" \
	"  local f = call('HMGET', key, 'used', 'birth', 'ends', 'granted')\n" \
	"  if f[2] and now >= tonumber(f[3]) + KEEP_ENDED then\n" \
	"    call('DEL', key)\n" \
	"    f = {}\n" \
	"  end\n" \
	"  return { key = key, begun = f[1] and true, used = f[1] or '0',\n" \
	"    birth = f[2], ends = tonumber(f[3] or '0'), granted = f[4] or '-1' }\n" \
	"end\n" \
	"local function keep_amount(c, ends)\n" \
	"  ends = math.max(c.ends, ends)\n" \
	"  call('HSET', c.key, 'birth', c.birth, 'ends', text(ends))\n" \
	"  local life = math.min(math.max(ends - now, 0), 4000 * DAY) + DAY\n" \
	"  call('PEXPIRE', c.key, text(life))\n" \
	"end\n"

/* A limit as limit_redis.c writes it: ten arguments from `at` on. */
#define LUA_LIMITS \
	"local function read_limit(at)\n" \
	"  local l = { kind = ARGV[at], unit = ARGV[at + 1], name = ARGV[at + 2],\n" \
	"    max = ARGV[at + 3], amount = ARGV[at + 4], window = tonumber(ARGV[at + 5]),\n" \
	"    width = tonumber(ARGV[at + 6]), ends = tonumber(ARGV[at + 7]),\n" \
	"    must_be_begun = ARGV[at + 8] == '1', by_grant = ARGV[at + 9] == '1' }\n" \
	"  l.counter = load[l.kind](l.name, l.window, l.width)\n" \
	"  return l\n" \
	"end\n" \
	"local function refusal(l)\n" \
	"  local c = l.counter\n" \
	"  if l.must_be_begun and not c.begun then\n" \
	"    return 'not_begun'\n" \
	"  end\n" \
	"  if l.max == '-1' then\n" \
	"    return nil\n" \
	"  end\n" \
	"  local unused = minus(c.used)\n" \
	"  if less(add(l.max, unused), l.amount) then\n" \
	"    return 'full'\n" \
	"  end\n" \
	"  if l.by_grant and less(add(c.granted, unused), l.amount) then\n" \
	"    return 'not_granted'\n" \
	"  end\n" \
	"end\n" \
	"local function retry_after(l)\n" \
	"  local c = l.counter\n" \
	"  if l.kind == 'concurrent' or less(l.max, l.amount) then\n" \
	"    return '-1'\n" \
	"  end\n" \
	"  if l.kind == 'amount' then\n" \
	"    return text(math.max(l.ends - now, 0))\n" \
	"  end\n" \
	"  local last = c.last\n" \
	"  local room = add(l.max, minus(c.used))\n" \
	"  slots_between(c.key, c.first, c.last, function(slot, count)\n" \
	"    room = add(room, count)\n" \
	"    last = tonumber(slot)\n" \
	"    return not less(room, l.amount)\n" \
	"  end)\n" \
	"  return text(math.max((last + 1) * l.width + l.window - now, 1))\n" \
	"end\n" \
	"local function reset(l)\n" \
	"  local c = l.counter\n" \
	"  if l.kind == 'rate' and c.birth and c.used ~= '0' then\n" \
	"    return text(math.max((c.last + 1) * l.width + l.window - now, 0))\n" \
	"  end\n" \
	"  if l.kind == 'amount' and c.used ~= '0' then\n" \
	"    return text(math.max(l.ends - now, 0))\n" \
	"  end\n" \
	"  return '0'\n" \
	"end\n" \
	"local function tell_state(answer, l)\n" \
	"  local unknown = l.must_be_begun and not l.counter.begun\n" \
	"  answer[#answer + 1] = unknown and '-1' or l.counter.used\n" \
	"  answer[#answer + 1] = l.by_grant and floored(l.counter.granted) or '-1'\n" \
	"  answer[#answer + 1] = reset(l)\n" \
	"end\n"

/*
 * Who lives. When nobody has looked at the clock for long, or it went back,
 * it was set, or Redis stood still: then nobody was heard of, and nobody is
 * dead for that.
 */
#define LUA_PROCESSES \
	"local processes = place .. 'processes'\n" \
	"local function lives(process)\n" \
	"  call('ZADD', processes, text(now), process)\n" \
	"  call('PEXPIRE', processes, 400 * DAY)\n" \
	"end\n" \
	"local function look_at_clock(silence)\n" \
	"  local seen = tonumber(call('GET', place .. 'seen') or text(now))\n" \
	"  if now < seen or now - seen > silence / 2 then\n" \
	"    for _, process in ipairs(call('ZRANGEBYSCORE', processes, '(0', '+inf')) do\n" \
	"      lives(process)\n" \
	"    end\n" \
	"  end\n" \
	"  call('SET', place .. 'seen', text(now), 'PX', DAY)\n" \
	"end\n"

/* ID PROCESS TOKENS PICOUSD NOTE LIFE_MS LIMIT...: why not, which one, when
 * again, since when this is counted; then the states. */
static const char script_reserve[] =
	LUA_CLOCK LUA_NUMBERS LUA_COUNTERS LUA_LIMITS LUA_PROCESSES
	"local id, process, tokens, picousd = ARGV[2], ARGV[3], ARGV[4], ARGV[5]\n"
	"local note, life = ARGV[6], tonumber(ARGV[7])\n"
	"local FIRST, EACH = 8, 10\n"
	"local limits, taken, answer = {}, {}, { 'taken', 0, '-1', '0' }\n"
	"local take = {}\n"
	"function take.rate(l)\n"
	"  local c = l.counter\n"
	"  local slot = math.floor(now / l.width)\n"
	"  if not c.birth then\n"
	"    c.birth, c.first, c.last = birth(), slot, slot\n"
	"    call('HSET', c.key, 'birth', c.birth, 'first', text(slot),\n"
	"      'width', text(l.width))\n"
	"  end\n"
	"  slot = math.max(slot, c.last)\n"
	"  local name = text(slot)\n"
	"  local count = call('HGET', c.key, name) or '0'\n"
	"  c.last, c.used = slot, add(c.used, l.amount)\n"
	"  call('HSET', c.key, name, add(count, l.amount), 'last', name,\n"
	"    'used', c.used)\n"
	"  keep_rate(c, l.window)\n"
	"  return name\n"
	"end\n"
	"function take.concurrent(l)\n"
	"  local c = l.counter\n"
	"  if not c.birth then\n"
	"    c.birth = birth()\n"
	"    call('HSET', c.key, 'birth', c.birth)\n"
	"  end\n"
	"  c.used = add(c.used, l.amount)\n"
	"  call('HSET', c.key, 'used', c.used)\n"
	"  call('PEXPIRE', c.key, text(life))\n"
	"  return '0'\n"
	"end\n"
	"function take.amount(l)\n"
	"  local c = l.counter\n"
	"  c.birth = c.birth or birth()\n"
	"  c.begun, c.used = true, add(c.used, l.amount)\n"
	"  call('HSET', c.key, 'used', c.used)\n"
	"  keep_amount(c, l.ends)\n"
	"  return '0'\n"
	"end\n"
	"if call('EXISTS', place .. 'call/' .. id) == 1 then\n"
	"  return { 'exists' }\n"
	"end\n"
	"for at = FIRST, #ARGV, EACH do\n"
	"  local l = read_limit(at)\n"
	"  local why = refusal(l)\n"
	"  limits[#limits + 1] = l\n"
	"  if why and answer[1] == 'taken' then\n"
	"    answer[1], answer[2] = why, #limits - 1\n"
	"    if why == 'full' then\n"
	"      answer[3] = retry_after(l)\n"
	"    end\n"
	"  end\n"
	"end\n"
	"if answer[1] == 'taken' then\n"
	"  for i, l in ipairs(limits) do\n"
	"    local slot = take[l.kind](l)\n"
	"    taken[i] = { l.kind, l.unit, l.name, l.amount, slot, l.counter.birth,\n"
	"      text(l.ends) }\n"
	"  end\n"
	"  local of_process = place .. 'process/' .. process\n"
	"  call('SET', place .. 'call/' .. id,\n"
	"    cmsgpack.pack({ process, text(now), tokens, picousd, note, taken }),\n"
	"    'PX', text(life))\n"
	"  call('SADD', of_process, id)\n"
	"  if call('PTTL', of_process) < life then\n"
	"    call('PEXPIRE', of_process, text(life))\n"
	"  end\n"
	"  if not call('ZSCORE', processes, process) then\n"
	"    lives(process)\n"
	"  end\n"
	"  answer[4] = call('GET', place .. 'since')\n"
	"  if not answer[4] then\n"
	"    answer[4] = text(now)\n"
	"    call('SET', place .. 'since', answer[4], 'PX', 400 * DAY)\n"
	"  end\n"
	"end\n"
	"for _, l in ipairs(limits) do\n"
	"  tell_state(answer, l)\n"
	"end\n"
	"return answer\n";

/* The end of a reservation: `used` has a text for each unit, -1 is as it was
 * reserved. False when it is not there. */
#define LUA_SETTLE \
	"local settle = {}\n" \
	"function settle.rate(limit_name, reserved, actual, slot, born)\n" \
	"  local key = key_of('rate', limit_name)\n" \
	"  local f = call('HMGET', key, 'birth', 'first', 'used', slot)\n" \
	"  if f[1] ~= born or tonumber(slot) < tonumber(f[2]) or not f[4] then\n" \
	"    return\n" \
	"  end\n" \
	"  local more = add(actual, minus(reserved))\n" \
	"  call('HSET', key, slot, floored(add(f[4], more)),\n" \
	"    'used', floored(add(f[3], more)))\n" \
	"end\n" \
	"function settle.concurrent(limit_name, reserved, _, _, born)\n" \
	"  local key = key_of('concurrent', limit_name)\n" \
	"  local f = call('HMGET', key, 'birth', 'used')\n" \
	"  if f[1] ~= born then\n" \
	"    return\n" \
	"  end\n" \
	"  local left = floored(add(f[2], minus(reserved)))\n" \
	"  if left == '0' then\n" \
	"    call('DEL', key)\n" \
	"  else\n" \
	"    call('HSET', key, 'used', left)\n" \
	"  end\n" \
	"end\n" \
	"function settle.amount(limit_name, reserved, actual, _, born)\n" \
	"  local key = key_of('amount', limit_name)\n" \
	"  local f = call('HMGET', key, 'birth', 'used')\n" \
	"  if not f[2] then\n" \
	"    return\n" \
	"  end\n" \
	"  local more = actual\n" \
	"  if f[1] == born then\n" \
	"    more = add(actual, minus(reserved))\n" \
	"  end\n" \
	"  call('HSET', key, 'used', floored(add(f[2], more)))\n" \
	"end\n" \
	"local function settle_call(id, used, only_concurrent)\n" \
	"  local name = place .. 'call/' .. id\n" \
	"  local record = call('GET', name)\n" \
	"  if not record then\n" \
	"    return false\n" \
	"  end\n" \
	"  record = cmsgpack.unpack(record)\n" \
	"  for _, taken in ipairs(record[6]) do\n" \
	"    local kind, unit, limit_name, reserved, slot, born = unpack(taken)\n" \
	"    local actual = used[unit]\n" \
	"    if actual == '-1' then\n" \
	"      actual = reserved\n" \
	"    end\n" \
	"    if kind == 'concurrent' or not only_concurrent then\n" \
	"      settle[kind](limit_name, reserved, actual, slot, born)\n" \
	"    end\n" \
	"    if kind == 'concurrent' then\n" \
	"      taken[6] = ''\n" \
	"    end\n" \
	"  end\n" \
	"  if only_concurrent then\n" \
	"    local life = text(math.max(call('PTTL', name), 1))\n" \
	"    call('SET', name, cmsgpack.pack(record), 'PX', life)\n" \
	"  else\n" \
	"    call('DEL', name)\n" \
	"    call('SREM', place .. 'process/' .. record[1], id)\n" \
	"  end\n" \
	"  return true\n" \
	"end\n"

/* ID TOKENS PICOUSD ONLY_CONCURRENT */
static const char script_settle[] =
	LUA_CLOCK LUA_NUMBERS LUA_COUNTERS LUA_SETTLE
	"local used = { tokens = ARGV[3], picousd = ARGV[4], calls = '-1' }\n"
	"return { settle_call(ARGV[2], used, ARGV[5] == '1') and 1 or 0 }\n";

/* LIMIT: its state */
static const char script_peek[] =
	LUA_CLOCK LUA_NUMBERS LUA_COUNTERS LUA_LIMITS
	"local answer = {}\n"
	"tell_state(answer, read_limit(2))\n"
	"return answer\n";

/* NAME USED ENDS */
static const char script_begin[] =
	LUA_CLOCK LUA_NUMBERS LUA_COUNTERS
	"local name, used, ends = ARGV[2], ARGV[3], tonumber(ARGV[4])\n"
	"local c = load.amount(name)\n"
	"if not c.begun then\n"
	"  c.birth = c.birth or birth()\n"
	"  call('HSET', c.key, 'used', used)\n"
	"  keep_amount(c, ends)\n"
	"end\n"
	"return { 1 }\n";

/* NAME AMOUNT ENDS: what is granted now */
static const char script_grant[] =
	LUA_CLOCK LUA_NUMBERS LUA_COUNTERS
	"local name, amount, ends = ARGV[2], ARGV[3], tonumber(ARGV[4])\n"
	"local c = load.amount(name)\n"
	"local granted = c.granted == '-1' and c.used or c.granted\n"
	"granted = floored(add(granted, amount))\n"
	"if less(amount, '0') and less(granted, c.used) then\n"
	"  granted = c.used\n"
	"end\n"
	"c.birth = c.birth or birth()\n"
	"call('HSET', c.key, 'granted', granted)\n"
	"keep_amount(c, ends)\n"
	"return { granted }\n";

/* NAME */
static const char script_forget[] =
	LUA_CLOCK LUA_NUMBERS LUA_COUNTERS
	"local name = ARGV[2]\n"
	"call('DEL', key_of('rate', name), key_of('concurrent', name),\n"
	"  key_of('amount', name))\n"
	"return { 1 }\n";

/* When counting began. */
static const char script_since[] =
	LUA_CLOCK
	"local name = place .. 'since'\n"
	"call('SET', name, text(now), 'NX')\n"
	"call('PEXPIRE', name, 400 * DAY)\n"
	"return { call('GET', name) }\n";

/* PROCESS SILENCE_MS ID...: it lives, and goes on without those: what is there
 * of them is given back. Tells which. */
static const char script_beat[] =
	LUA_CLOCK LUA_NUMBERS LUA_COUNTERS LUA_SETTLE LUA_PROCESSES
	"local process, since = ARGV[2], place .. 'since'\n"
	"local nothing = { tokens = '0', picousd = '0', calls = '0' }\n"
	"local found = {}\n"
	"look_at_clock(tonumber(ARGV[3]))\n"
	"lives(process)\n"
	"call('SET', since, text(now), 'NX')\n"
	"call('PEXPIRE', since, 400 * DAY)\n"
	"for i = 4, #ARGV do\n"
	"  if settle_call(ARGV[i], nothing, false) then\n"
	"    found[#found + 1] = ARGV[i]\n"
	"  end\n"
	"end\n"
	"return found\n";

/* MOST SILENCE_MS: id, when, tokens, picousd, note of each */
static const char script_orphans[] =
	LUA_CLOCK LUA_PROCESSES
	"local most, silence = tonumber(ARGV[2]), tonumber(ARGV[3])\n"
	"local answer, found = {}, 0\n"
	"look_at_clock(silence)\n"
	"local dead = call('ZRANGEBYSCORE', processes, '-inf', text(now - silence - 1))\n"
	"for _, process in ipairs(dead) do\n"
	"  local ids = place .. 'process/' .. process\n"
	"  if found >= most then\n"
	"    break\n"
	"  end\n"
	"  for _, id in ipairs(call('SRANDMEMBER', ids, most - found)) do\n"
	"    local record = call('GET', place .. 'call/' .. id)\n"
	"    if record then\n"
	"      record = cmsgpack.unpack(record)\n"
	"      found = found + 1\n"
	"      answer[#answer + 1] = id\n"
	"      for i = 2, 5 do\n"
	"        answer[#answer + 1] = record[i]\n"
	"      end\n"
	"    else\n"
	"      call('SREM', ids, id)\n"
	"    end\n"
	"  end\n"
	"  if call('EXISTS', ids) == 0 then\n"
	"    call('ZREM', processes, process)\n"
	"  end\n"
	"end\n"
	"return answer\n";

/* PROCESS: it ends. */
static const char script_leave[] =
	LUA_CLOCK LUA_PROCESSES
	"local process = ARGV[2]\n"
	"if call('EXISTS', place .. 'process/' .. process) == 1 then\n"
	"  call('ZADD', processes, 0, process)\n"
	"else\n"
	"  call('ZREM', processes, process)\n"
	"end\n"
	"return { 1 }\n";

/* clang-format on */

#endif
