-- SPDX-License-Identifier: MIT
-- Faults that a location of nginx.conf.in commits; arguments come in the query.
local faults = {}

local function arg(name, default) return ngx.var["arg_" .. name] or default end

-- The number of this request among those with the same path and query.
local function turn() return ngx.shared.counts:incr(ngx.var.request_uri, 1, 0) end

local function content()
  local file = assert(io.open(ngx.var.document_root .. "/" .. arg("file", "data"), "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

-- Answers with these very bytes and closes the connection.
local function send(head, body)
  local socket = assert(ngx.req.socket(true))
  assert(socket:send(table.concat(head, "\r\n") .. "\r\n\r\n" .. body))
end

function faults.redirect()
  ngx.header["Location"] = ngx.unescape_uri(arg("to", ""))
  ngx.exit(tonumber(arg("status", "302")))
end

function faults.echo()
  ngx.header["Content-Type"] = "text/plain"
  ngx.print(ngx.req.raw_header())
end

function faults.s3error()
  ngx.status = tonumber(arg("status", "403"))
  ngx.print("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>",
    ngx.unescape_uri(arg("message", "Request has expired")), "</Message></Error>")
end

-- name=value in the query becomes a header of every response.
function faults.say()
  for name, value in pairs(ngx.req.get_uri_args()) do ngx.header[name] = value end
end

-- The first N requests get a status, the others the file.
function faults.flaky()
  if turn() > tonumber(arg("times", "1")) then return end
  if arg("after") then ngx.header["Retry-After"] = ngx.unescape_uri(arg("after")) end
  ngx.status = tonumber(arg("status", "503"))
  ngx.say("not now")
  ngx.exit(ngx.HTTP_OK)
end

-- The first N responses end N bytes before their promised end. Ranges are served right; with
-- etag=0 there is no validator, with ranges=0 ranges are ignored, with change=1 every response
-- has an entity tag of its own.
function faults.short()
  local n, whole = turn(), content()
  local first = tonumber((ngx.var.http_range or ""):match("^bytes=(%d+)%-"))
  if arg("ranges") == "0" then first = nil end
  local body = whole:sub((first or 0) + 1)
  local head = { first and "HTTP/1.1 206 Partial Content" or "HTTP/1.1 200 OK", "Content-Length: " .. #body,
    "Connection: close" }
  if first then head[#head + 1] = ("Content-Range: bytes %d-%d/%d"):format(first, #whole - 1, #whole) end
  if arg("etag") ~= "0" then head[#head + 1] = ("ETag: \"v%s\""):format(arg("change") and n or 1) end
  if n <= tonumber(arg("times", "1")) then body = body:sub(1, math.floor(#body / 2)) end
  send(head, body)
end

-- An object that is stored as data.gz, and sent decoded unless gzip is asked for; with only=decoded it always is.
function faults.transcoded()
  local gzip = (ngx.var.http_accept_encoding or ""):find("gzip") and arg("only") ~= "decoded"
  local name = gzip and "/data.gz" or "/data"
  local file = assert(io.open(ngx.var.document_root .. name, "rb"))
  ngx.header["x-goog-stored-content-encoding"] = "gzip"
  ngx.header["x-goog-hash"] = "md5=" .. ngx.unescape_uri(arg("md5", ""))
  ngx.header["ETag"] = '"one"'
  if gzip then ngx.header["Content-Encoding"] = "gzip" end
  ngx.print(file:read("*a"))
  file:close()
end

-- Says how many requests have been under way at the same time, at most.
function faults.crowd()
  local counts = ngx.shared.counts
  local most, now = counts:get("crowd-most") or 0, counts:incr("crowd-now", 1, 0)
  if now > most then counts:set("crowd-most", now) end
  ngx.sleep(0.2)
  counts:incr("crowd-now", -1)
  ngx.say(counts:get("crowd-most"))
end

-- head is what follows "HTTP/1.1 ", lines separated by "|".
function faults.raw()
  local head = "HTTP/1.1 " .. ngx.unescape_uri(arg("head", "200 OK"))
  send({ (head:gsub("|", "\r\n")) }, ngx.unescape_uri(arg("body", "")))
end

return faults
