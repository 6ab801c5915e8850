-- chat.lua - what wrk sends, and the one line of JSON that it ends with.
--
-- The request is made once, from files that the environment names: the key
-- is in no process list. Latencies are in microseconds.

local function read(name)
	local file = assert(io.open(os.getenv(name), "rb"))
	local text = file:read("*a")
	file:close()
	return text
end

wrk.method = "POST"
wrk.body = read("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Cache-Control"] = "no-store"
wrk.headers["Authorization"] = "Bearer " .. read("BENCH_KEY")

function done(summary, latency)
	local failed = summary.errors
	io.write(string.format('\nRESULT {"requests":%d,"seconds":%.6f,' ..
		'"p50_us":%.0f,"p99_us":%.0f,"refused":%d,"failed":%d}\n',
		summary.requests, summary.duration / 1e6,
		latency:percentile(50), latency:percentile(99),
		failed.status, failed.connect + failed.read + failed.write +
		failed.timeout))
end
