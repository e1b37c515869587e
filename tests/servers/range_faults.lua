-- SPDX-License-Identifier: MIT
-- /fault/NAME/...: the object $WWW/big, served in ranges, with one fault. The Nth request of a test is known by t=.
local range_faults = {}
local function arg(name, default) return ngx.var["arg_" .. name] or default end
local function count(key) return ngx.shared.counts:incr(key .. arg("t", ""), 1, 0) end

local function read(first, last)
  ngx.ctx.file:seek("set", first)
  return ngx.ctx.file:read(last - first + 1) or ""
end

local function headers(status, first, last, tag)
  ngx.status = status
  ngx.header["ETag"] = tag or '"one"'
  ngx.header["Accept-Ranges"] = "bytes"
  ngx.header["Content-Length"] = last - first + 1
  if status == 206 then ngx.header["Content-Range"] = ("bytes %d-%d/%d"):format(first, last, ngx.ctx.size) end
end

local function body(first, last)
  local step = 65536
  for at = first, last, step do
    ngx.print(read(at, math.min(last, at + step - 1)))
    ngx.flush(true)
  end
end

local function use(name)
  if ngx.ctx.file then ngx.ctx.file:close() end
  ngx.ctx.file = assert(io.open(ngx.var.document_root .. "/" .. name, "rb"))
  ngx.ctx.size = ngx.ctx.file:seek("end")
end

-- The head of a good response.
local function start(first, last, ranged, tag) headers(ranged and 206 or 200, first, last, tag) end

-- Ends a response before its promised end, with ngx.ERROR by closing the connection, with 444 by RST (of HTTP/2 the
-- stream, with RST_STREAM).
local function break_off(first, last, code)
  body(first, first + math.floor((last - first) / 2))
  ngx.flush(true)
  ngx.exit(code or ngx.ERROR)
end

local function redirect(to)
  ngx.header["Location"] = to
  ngx.exit(307)
end

local function refuse(status, after)
  ngx.status = status
  if after then ngx.header["Retry-After"] = after end
  ngx.say("<Error><Message>no</Message></Error>")
  return ngx.exit(ngx.HTTP_OK)
end

-- Each takes the first and last byte asked for, whether a Range was, and the request's number.
local all = {}

function all.none(first, last, ranged) start(first, last, ranged) body(first, last) end

-- Good but for a field of the head: value(first, last, ranged) stands there, nil takes it away.
local function altered(name, value)
  return function(first, last, ranged)
    start(first, last, ranged)
    ngx.header[name] = value(first, last, ranged)
    body(first, last)
  end
end
-- The same where a range was asked for, with another Content-Range.
local function other_content_range(text)
  return altered("Content-Range", function(first, last, ranged) return ranged and text(first, last) or nil end)
end
-- Every other of the first responses is broken off.
local function broken_off(code)
  return function(first, last, ranged, turn)
    start(first, last, ranged)
    if turn % 2 == 1 and turn < 12 then return break_off(first, last, code) end
    body(first, last)
  end
end

-- Waits until the server has had `requests` of this fault and test, two minutes at the latest.
local function wait_for_requests(name, requests)
  for _ = 1, 12000 do
    if ngx.shared.counts:get(name .. arg("t", "")) >= requests then return end
    ngx.sleep(0.01)
  end
end
-- The first response stops at arg_hold and goes on when three ranges were asked for.
function all.held(first, last, ranged)
  if arg("name") then ngx.header["Content-Disposition"] = "attachment; filename=" .. arg("name") end
  if ranged then return all.none(first, last, ranged) end
  headers(200, first, last)
  local hold = tonumber(arg("hold", "65536"))
  body(first, hold - 1)
  wait_for_requests("held", 4)
  body(hold, last)
end
-- An S3 server whose ETag is arg_ETag.
function all.s3(first, last, ranged)
  ngx.header["x-amz-request-id"] = "1"
  start(first, last, ranged, ngx.unescape_uri(arg("ETag", "")))
  body(first, last)
end
function all.whole_for_range() headers(200, 0, ngx.ctx.size - 1) body(0, ngx.ctx.size - 1) end
all.other_range = other_content_range(function(first, last)
  return ("bytes %d-%d/%d"):format(first + 1, last + 1, ngx.ctx.size + 2)
end)
all.other_total = other_content_range(function(first, last)
  return ("bytes %d-%d/%d"):format(first, last, ngx.ctx.size + 1)
end)
all.other_unit = other_content_range(function(first, last)
  return ("lines %d-%d/%d"):format(first, last, ngx.ctx.size)
end)
all.no_content_range = altered("Content-Range", function() end)
all.length_no_number = altered("Content-Length", function() return "many" end)
all.wrong_checksum = altered("x-goog-hash", function() return "crc32c=AAAAAA==" end)
all.gzip_encoding = altered("Content-Encoding", function() return "gzip" end)
all.cut = broken_off(ngx.ERROR)
all.reset = broken_off(444)
function all.short_206(first, last, ranged, turn)
  if not ranged or turn % 3 ~= 0 then return all.none(first, last, ranged) end
  headers(206, first, last)
  ngx.header["Content-Length"] = nil
  body(first, first + math.floor((last - first) / 2))
end
-- Lengths that are not that of the range.
function all.length_less(first, last, ranged, turn)
  if not ranged or turn % 2 == 0 then return all.none(first, last, ranged) end
  start(first, last, ranged)
  ngx.header["Content-Length"] = last - first
  body(first, last - 1)
end
function all.length_more(first, last, ranged, turn)
  if not ranged or turn % 2 == 0 then return all.none(first, last, ranged) end
  start(first, last, ranged)
  ngx.header["Content-Length"] = last - first + 2
  body(first, last)
  ngx.exit(ngx.ERROR)
end
function all.stall(first, last, ranged, turn)
  if turn ~= 2 then return all.none(first, last, ranged) end
  start(first, last, ranged)
  body(first, first + 1000)
  ngx.sleep(20)
end
-- Every other request is refused.
local function every_other(status, after)
  return function(first, last, ranged, turn)
    if turn % 2 == 0 then return refuse(status, after()) end
    all.none(first, last, ranged)
  end
end
local function in_a_second() return ngx.http_time(ngx.time() + 1) end
all.busy = every_other(503, function() return "0" end)
all.busy_until = every_other(503, in_a_second)
all.too_many = every_other(429, function() return "0" end)
all.too_many_until = every_other(429, in_a_second)

-- The second response brings its bytes slowly or, without arg_pause, no more of them for a long time. The first one
-- goes on when there were eight.
function all.slow_one(first, last, ranged, turn)
  start(first, last, ranged)
  if turn == 1 then
    body(0, 65535)
    wait_for_requests("slow_one", 8)
    return body(65536, last)
  end
  if turn ~= 2 then return body(first, last) end
  body(first, first + 999)
  if not arg("pause") then ngx.sleep(600) end
  for at = first + 1000, last, 1000 do
    body(at, math.min(last, at + 999))
    ngx.sleep(tonumber(arg("pause")))
  end
end
-- The first response brings nothing, or the first arg_bytes only, for a long time.
function all.asleep(first, last, ranged, turn)
  if turn > 1 then return all.none(first, last, ranged) end
  local bytes = tonumber(arg("bytes", "0"))
  if bytes > 0 then start(first, last, ranged) body(first, bytes - 1) end
  ngx.sleep(600)
end
-- Five requests every two seconds are redirected, the others refused.
function all.narrow()
  local now = math.floor(ngx.now() / 2)
  if count("narrow" .. now) > 5 then return refuse(429, tostring(math.ceil((now + 1) * 2 - ngx.now()))) end
  redirect("/one")
end
function all.expires(first, last, ranged, turn)
  if turn > 1 then return refuse(403) end
  headers(200, first, last)
  break_off(first, last)
end
-- Mirrors behind one name, each with an entity tag of its own; with odd=N only the Nth request meets the other one.
-- With held=N early responses without a range go on when N further requests have come.
function all.mirrors(first, last, ranged, turn)
  local odd = tonumber(arg("odd", "0"))
  local other = odd == 0 and turn % 2 == 0 or turn == odd
  if turn == 1 and arg("broken") then start(first, last, ranged, '"one"') return break_off(first, last) end
  if other and arg("slow") then ngx.sleep(0.2) end
  start(first, last, ranged, other and '"two"' or '"one"')
  if ranged or turn > 6 or not arg("held") then return body(first, last) end
  body(first, 1023)
  wait_for_requests("mirrors", turn + tonumber(arg("held")))
  body(1024, last)
end
-- If-Match is refused, whatever it says.
function all.no_if_match(first, last, ranged, turn)
  if ngx.var.http_if_match then ngx.header["ETag"] = '"one"' return refuse(412) end
  start(first, last, ranged)
  if turn == 1 then return break_off(first, last) end
  body(first, last)
end
-- Redirects to a ticket that is good for three requests. A response without a range goes on when there were five.
function all.pointing() redirect("/fault/fleeting?t=" .. arg("t", "") .. "&ticket=" .. count("tickets")) end
function all.fleeting(first, last, ranged)
  if count("ticket" .. arg("ticket")) > 3 then return refuse(403) end
  if ranged then return all.none(first, last, ranged) end
  start(first, last, ranged)
  body(first, 1023)
  wait_for_requests("fleeting", 5)
  body(1024, last)
end
-- Ranges are refused with arg_status. The first response goes on when one was.
function all.refuses_parts(first, last, ranged)
  if ranged then return refuse(tonumber(arg("status"))) end
  start(first, last, ranged)
  body(first, 1023)
  wait_for_requests("refuses_parts", 2)
  body(1024, last)
end
-- The same tag, of which nothing follows, for two objects of one size.
function all.empty_tag(first, last, ranged, turn)
  if turn == 1 then use("old") end
  start(first, last, ranged, '""')
  if turn == 1 then return break_off(first, last) end
  body(first, last)
end
-- The first response is of another object of the same size.
function all.replaced(first, last, ranged, turn)
  if turn > 1 then return all.none(first, last, ranged) end
  use("old")
  headers(200, first, last, '"zero"')
  break_off(first, last)
end
function all.keeps_changing(first, last, ranged, turn)
  start(first, last, ranged, ('"v%d"'):format(turn))
  break_off(first, last)
end
function all.no_ranges()
  headers(200, 0, ngx.ctx.size - 1)
  ngx.header["Accept-Ranges"] = "none"
  body(0, ngx.ctx.size - 1)
end
function all.no_validator(first, last, ranged, turn)
  start(first, last, ranged)
  ngx.header["ETag"] = nil
  if turn == 1 then return break_off(first, last) end
  body(first, last)
end
function all.longer(first, last, ranged)
  start(first, last, ranged)
  if ranged then ngx.header["Content-Length"] = nil end
  body(first, last)
  if ranged then ngx.print("more") end
end
function all.unsatisfiable(first, last, ranged)
  if not ranged then headers(200, first, last) return break_off(first, last) end
  ngx.header["Content-Range"] = "bytes */1"
  refuse(416)
end
function all.redirect_loop() redirect(ngx.var.request_uri) end
-- arg_there is the same server by another name, arg_plain one without TLS; the other host must see no secret.
function all.other_host() redirect(ngx.var.arg_there .. "/fault/open_door?t=" .. arg("t", "")) end
function all.open_door(first, last, ranged)
  if ngx.var.http_authorization or ngx.var.http_x_own then return refuse(403) end
  all.none(first, last, ranged)
end
function all.downgrade()
  if ngx.var.scheme == "https" then return redirect(ngx.var.arg_plain .. "/fault/none") end
  redirect(ngx.var.arg_tls .. "/fault/downgrade?" .. ngx.var.args)
end
function all.bad_name(first, last, ranged)
  ngx.header["Content-Disposition"] = 'attachment; filename="../../../out"'
  all.none(first, last, ranged)
end
function all.empty(first, last, ranged) use("empty") headers(200, 0, -1) end
function all.one_byte(first, last, ranged)
  use("one")
  headers(200, 0, 0)
  body(0, 0)
end

function range_faults.serve()
  use("big")
  local fault = ngx.var.uri:match("^/fault/([a-z_0-9]+)")
  local first, last = (ngx.var.http_range or ""):match("^bytes=(%d+)%-(%d*)$")
  local ranged = first ~= nil and fault ~= "no_ranges"
  first = ranged and tonumber(first) or 0
  last = ranged and tonumber(last) or ngx.ctx.size - 1
  all[fault](first, last, ranged, count(fault))
end

return range_faults
