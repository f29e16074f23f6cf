-- Load for wrk: MODE=full|tail|idle|miss over the jobs of t/bench/data.sql.
-- An answer with another status than WANT is counted as bad.
local queries = { full = "", tail = "?since=11", idle = "?since=12", miss = "" }
local mode = os.getenv("MODE") or "full"
local want = tonumber(os.getenv("WANT") or "200")
local query = queries[mode]
local n_tenants, n_jobs = 200, 10000
local threads = {}

function setup(thread)
	thread:set("number", #threads)
	table.insert(threads, thread)
end

function init(args)
	math.randomseed(number + 1)
	bad = 0
end

-- In mode miss, each job is asked for by a tenant that does not own it.
function request()
	local job = math.random(1, n_jobs)
	local owner = 1 + job % n_tenants
	local tenant = mode == "miss" and 1 + owner % n_tenants or owner

	return wrk.format("GET",
	    string.format("/v1/jobs/01J8ZQ4T6V%016d/events%s", job, query),
	    { ["Authorization"] = string.format("Bearer sk_live_bench%08d", tenant) })
end

function response(status, headers, body)
	if status ~= want then
		bad = bad + 1
	end
end

function done(summary, latency, requests)
	local sum = 0

	for _, thread in ipairs(threads) do
		sum = sum + (thread:get("bad") or 0)
	end
	io.write(string.format("RESULT %d %.0f %.2f %.2f %d\n",
	    summary.requests, summary.requests / (summary.duration / 1e6),
	    latency:percentile(50) / 1000, latency:percentile(99) / 1000, sum))
end
