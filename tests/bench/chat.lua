-- chat.lua - what wrk sends, and the one line of JSON that it ends with.
--
-- The request is made once, from files that the environment names: the key
-- is in no process list. With BENCH_UNIQUE each one says something else, for
-- answers that may be kept; with BENCH_MAY_BE_KEPT all are alike, and may be
-- answered by what was kept. Latencies are in microseconds.

local function read(name)
	local file = assert(io.open(os.getenv(name), "rb"))
	local text = file:read("*a")
	file:close()
	return text
end

wrk.method = "POST"
wrk.body = read("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. read("BENCH_KEY")

if os.getenv("BENCH_UNIQUE") then
	local from, to = assert(wrk.body:find("Go on. .........", 1, true))
	local before, after = wrk.body:sub(1, from - 1), wrk.body:sub(to + 1)
	local count = tonumber(os.getenv("BENCH_UNIQUE"))

	function request()
		count = count + 1
		return wrk.format(nil, nil, nil, before ..
			string.format("Go on. %09d", count) .. after)
	end
elseif not os.getenv("BENCH_MAY_BE_KEPT") then
	wrk.headers["Cache-Control"] = "no-store"
end

function done(summary, latency)
	local failed = summary.errors
	io.write(string.format('\nRESULT {"requests":%d,"seconds":%.6f,' ..
		'"p50_us":%.0f,"p99_us":%.0f,"refused":%d,"failed":%d}\n',
		summary.requests, summary.duration / 1e6,
		latency:percentile(50), latency:percentile(99),
		failed.status, failed.connect + failed.read + failed.write +
		failed.timeout))
end
