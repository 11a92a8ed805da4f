-- The requests that wrk sends. Arguments: a number that is unique to the run, a file of requests, and
-- the mean pause before a request, in milliseconds.
-- The API key is in the environment variable BENCH_KEY. Each line of the file is
-- `METHOD PATH [BODY]`, and each request is a random line. `@@@@` in a body is replaced with a unique
-- text. With several keys, separated by spaces, such a request has a random one of them, and all
-- others have the first. BENCH_PORTS can name a port for each thread.

local threads = 0

function words(text)
    local found = {}
    for word in text:gmatch("%S+") do
        found[#found + 1] = word
    end
    return found
end

function setup(thread)
    threads = threads + 1
    thread:set("thread", threads)
    local port = words(os.getenv("BENCH_PORTS") or "")[threads]
    if port then
        thread.addr = wrk.lookup("127.0.0.1", port)[1]
    end
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
    fixed, fresh, with_body = {}, {}, {}
    for number, key in ipairs(words(os.getenv("BENCH_KEY"))) do
        with_body[number] =
            { ["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json" }
    end
    local headers = { ["Authorization"] = with_body[1]["Authorization"] }
    for line in io.lines(file) do
        local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
        if body:find("@@@@", 1, true) then
            fresh[#fixed + 1] = { method, path, body }
            fixed[#fixed + 1] = false
        else
            local has_body = body ~= ""
            fixed[#fixed + 1] = wrk.format(
                method, path, has_body and with_body[1] or headers, has_body and body or nil)
        end
    end
end

function request()
    local index = math.random(#fixed)
    if fixed[index] then
        return fixed[index]
    end
    sent = sent + 1
    local method, path, body = unpack(fresh[index])
    local headers = with_body[#with_body > 1 and math.random(#with_body) or 1]
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
