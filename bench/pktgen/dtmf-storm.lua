-- SPDX-License-Identifier: BSD-3-Clause
-- name: dtmf-storm
--
-- Nothing but keys (RFC 4733): each press must be reported once. core.py counts the
-- events and compares them with the presses sent.
local scenario = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "scenario.lua")

local row = scenario.read("dtmf-storm")
local done = scenario.run(row.percent, row.seconds)

scenario.tell(row.name, math.floor(done.sent / done.seconds), "packets/s sent", {
	sent = done.sent, heard = done.heard, errors = done.errors, seconds = done.seconds,
})
