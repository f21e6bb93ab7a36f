-- SPDX-License-Identifier: BSD-3-Clause
-- name: park-ranges
--
-- Packets for 250,000 flows by Pktgen's own ranges, without a file: addresses and ports go on
-- packet by packet, but all have one sequence number, so that each flow takes its first and
-- counts the rest as doubled (rx_duplicate). It shows what finding a flow costs on a card, and
-- nothing about audio. Destination: 31 addresses of ours from 10.99.0.2 on, 8192 ports each.
local scenario = dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "scenario.lua")

local port, our_mac = scenario.port, os.getenv("OUR_MAC") or "02:00:00:00:00:01"

pktgen.range.dst_mac(port, "start", our_mac)
pktgen.range.ip_proto(port, "udp")
pktgen.range.pkt_size(port, "start", 218) -- with the FCS: 214 bytes are ours
pktgen.range.src_ip(port, "start", "100.64.0.1")
pktgen.range.src_ip(port, "inc", "0.0.0.0")
pktgen.range.dst_ip(port, "start", "10.99.0.2")
pktgen.range.dst_ip(port, "min", "10.99.0.2")
pktgen.range.dst_ip(port, "max", "10.99.0.32")
pktgen.range.dst_ip(port, "inc", "0.0.0.1")
pktgen.range.src_port(port, "start", 20000)
pktgen.range.src_port(port, "inc", 0)
pktgen.range.dst_port(port, "start", 16384)
pktgen.range.dst_port(port, "min", 16384)
pktgen.range.dst_port(port, "max", 32766)
pktgen.range.dst_port(port, "inc", 2)
-- RTP version 2, PCMU; sixteen bytes that Pktgen repeats.
pktgen.userPattern(port, "\128\0\0\1\0\0\0\160\0\0\3\232\255\255\255\255")
pktgen.pattern(port, "user")
pktgen.set_range(port, "on")

local done = scenario.run(10, 60)

scenario.tell("park-ranges", math.floor(done.sent / done.seconds), "packets/s sent", {
	sent = done.sent, heard = done.heard, errors = done.errors,
})
