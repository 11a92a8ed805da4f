-- What wrk sends. Its arguments are a number that no other run of the bench has and a file of
-- requests; the key is in the environment as BENCH_KEY. Each line of the file is `METHOD PATH [BODY]`; each request is one of the lines,
-- chosen at random. `@@@@` in a body becomes text that was never sent before.

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("thread", threads)
end

function init(args)
    local run, file = args[1], args[2]
    math.randomseed(run * 1000 + thread)
    unique = string.format("%s-%s-", run, thread)
    sent = 0
    fixed, fresh = {}, {}
    local headers = { ["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY") }
    for line in io.lines(file) do
        local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
        if body:find("@@@@", 1, true) then
            fresh[#fixed + 1] = { method, path, body, headers }
            fixed[#fixed + 1] = false
        else
            fixed[#fixed + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
        end
    end
end

function request()
    local at = math.random(#fixed)
    if fixed[at] then
        return fixed[at]
    end
    sent = sent + 1
    local method, path, body, headers = unpack(fresh[at])
    return wrk.format(method, path, headers, (body:gsub("@@@@", unique .. sent)))
end

-- wrk counts in microseconds; errors.status are the answers from 400 on.
function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format(
        '{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"errors":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
