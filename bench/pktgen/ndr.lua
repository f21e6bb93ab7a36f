-- SPDX-License-Identifier: BSD-3-Clause
-- name: ndr
--
-- RFC 2544, 26.1, through relay: the highest rate at which every packet comes back (NDR), and at
-- which no more than pdr-loss of them is missing (PDR). Halves the doubt up to `steps` times or
-- until it is below `tolerance` percent of line rate; the rate found is confirmed for six times
-- as long. A trial in which Pktgen itself did not get its packets out is repeated, and ends the
-- search if it happens thrice: then the generator is the limit, and says so.
local scenario = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "scenario.lua")

local row = scenario.read("ndr")

-- Whether the rate holds: nil if the generator could not even send.
local function holds(percent, seconds, loss)
	for _ = 1, 3 do
		local done = scenario.run(percent, seconds)
		if done.sent > 0 and done.errors == 0 then
			return (done.sent - done.heard) / done.sent <= loss, done
		end
	end
	return nil
end

local function search(loss)
	local good, bad, best = 0, row.percent, nil
	local percent = row.percent

	for _ = 1, row.steps do
		local held, done = holds(percent, row.seconds, loss)
		if held == nil then
			return nil
		elseif held then
			good, best = percent, done
		else
			bad = percent
		end
		if bad - good <= row.tolerance or good == row.percent then
			break
		end
		percent = (good + bad) / 2
	end
	if best and not holds(good, 6 * row.seconds, loss) then
		best.unconfirmed = true
	end
	return best
end

for _, kind in ipairs { { "ndr", 0 }, { "pdr", row["pdr-loss"] } } do
	local best = search(kind[2])
	if best then
		scenario.tell(kind[1], math.floor(best.sent / best.seconds), "packets/s", {
			percent = best.percent, sent = best.sent, heard = best.heard,
			confirmed = best.unconfirmed ~= true,
		})
	else
		scenario.tell(kind[1], 0, "packets/s", { generator_is_the_limit = true })
	end
end
