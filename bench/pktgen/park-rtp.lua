-- SPDX-License-Identifier: BSD-3-Clause
-- name: park-rtp
--
-- RTP into park ports: callers' audio at flows that play music. layby sends 50 packets a
-- second a flow whatever comes in; what must be looked at afterwards are its counters
-- (core.py prints them): rx_swallowed as many as were sent, everything else that drops 0.
local scenario = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "scenario.lua")

local row = scenario.read("park-rtp")
local done = scenario.run(row.percent, row.seconds)

scenario.tell(row.name, math.floor(done.sent / done.seconds), "packets/s sent", {
	sent = done.sent, heard = done.heard, errors = done.errors, seconds = done.seconds,
})
