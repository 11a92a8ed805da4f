-- The requests that wrk sends. Arguments: a number that is unique to the run, a file of requests, and
-- the mean pause before a request, in milliseconds.
-- The API key is in the environment variable BENCH_KEY. Each line of the file is
-- `METHOD PATH [BODY]`, and each request is a random line. `@@@@` in a body is replaced with a unique
-- text.

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("thread", threads)
end

function init(args)
    local run, file, pause = args[1], args[2], tonumber(args[3])
    if pause > 0 then
        -- wrk calls this before each request, if it exists. Random, so that connections don't send
        -- in step.
        delay = function() return math.random(0, 2 * pause) end
    end
    math.randomseed(run * 1000 + thread)
    unique = string.format("%s-%s-", run, thread)
    sent = 0
    fixed, fresh = {}, {}
    local key = "Bearer " .. os.getenv("BENCH_KEY")
    local headers = { ["Authorization"] = key }
    local with_body = { ["Authorization"] = key, ["Content-Type"] = "application/json" }
    for line in io.lines(file) do
        local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
        if body:find("@@@@", 1, true) then
            fresh[#fixed + 1] = { method, path, body, with_body }
            fixed[#fixed + 1] = false
        else
            local has_body = body ~= ""
            fixed[#fixed + 1] = wrk.format(
                method, path, has_body and with_body or headers, has_body and body or nil)
        end
    end
end

function request()
    local index = math.random(#fixed)
    if fixed[index] then
        return fixed[index]
    end
    sent = sent + 1
    local method, path, body, headers = unpack(fresh[index])
    return wrk.format(method, path, headers, (body:gsub("@@@@", unique .. sent)))
end

-- wrk measures in microseconds. errors.status counts the responses with a status of 400 or above.
function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format(
        '{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"errors":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
