-- SPDX-License-Identifier: BSD-3-Clause
--
-- What the scenarios for Pktgen-DPDK have in common. Pktgen must have been started with the pcap
-- of the scenario on port 0 (traffic.py makes it, bench/pktgen/start does both) and, for a relay,
-- takes what comes back on the same port.

package.path = package.path .. ";?.lua;test/?.lua;app/?.lua;"
require "Pktgen"

local scenario = { port = "0" }

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"

-- The line of the table with this name; numbers as numbers.
function scenario.read(name)
	for line in io.lines(here .. "scenarios.table") do
		if line:match("^name=" .. name:gsub("%-", "%%-") .. "%s") then
			local row = {}
			for key, value in line:gmatch("([%w-]+)=(%S+)") do
				row[key] = tonumber(value) or value
			end
			return row
		end
	end
	error("scenarios.table has no " .. name)
end

local function counts()
	local c = pktgen.portStats(scenario.port, "port")[tonumber(scenario.port)]
	return { sent = c.opackets, heard = c.ipackets, errors = c.oerrors + c.ierrors }
end

-- Sends at so many percent of line rate for so many seconds. Returns what was counted.
function scenario.run(percent, seconds)
	pktgen.set(scenario.port, "rate", percent)
	pktgen.set(scenario.port, "count", 0)
	pktgen.clr()
	pktgen.delay(500)
	local before = counts()
	pktgen.start(scenario.port)
	pktgen.delay(math.floor(seconds * 1000))
	pktgen.stop(scenario.port)
	pktgen.delay(1000) -- what is under way arrives
	local after = counts()
	return {
		percent = percent,
		seconds = seconds,
		sent = after.sent - before.sent,
		heard = after.heard - before.heard,
		errors = after.errors - before.errors,
	}
end

-- One line of JSON, as all benches print.
function scenario.tell(name, value, unit, more)
	local words = {}
	for key, v in pairs(more) do
		words[#words + 1] = string.format(',"%s":%s', key, tostring(v))
	end
	table.sort(words)
	print(string.format('{"bench":"pktgen","case":"%s","value":%s,"unit":"%s"%s}',
		name, tostring(value), unit, table.concat(words)))
end

return scenario
