-- SPDX-License-Identifier: BSD-3-Clause
-- name: spray
--
-- Audio from wrong sources at the ports of callers who hear music: 0 packets of it may
-- get anywhere, 0 go to the strangers, and the music goes on. At 148 Mbit/s, 1 % of a 10G
-- card, it is about 80,000 packets a second.
local scenario = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "scenario.lua")

local row = scenario.read("spray")
local done = scenario.run(row.percent, row.seconds)

scenario.tell(row.name, math.floor(done.sent / done.seconds), "packets/s sent", {
	sent = done.sent, heard = done.heard, errors = done.errors, seconds = done.seconds,
})
