// SPDX-License-Identifier: BSD-3-Clause
//
// oSIP's parser, and the few header fields that the endpoint needs, as plain text and addresses.
#pragma once

#include "control/sip/endpoint.h"
#include "control/sip/text.h"

// Parses what the guard let through. NULL: oSIP does not read it.
[[nodiscard]] osip_message_t *message_parse(const struct guarded *g);

// sip: or sips: with a host. (oSIP leaves host NULL in other schemes.)
bool uri_is_sip(const osip_uri_t *uri);
// Its host as an address, when it is a literal one; port 5060 when not said.
bool uri_address(const osip_uri_t *uri, struct address *out);
// The URI as text, without the headers behind "?": never to be honoured in a request of ours.
// False: does not fit, or is not printable.
bool uri_write(osip_uri_t *uri, char *buf, size_t size);

// A user part, unescaped by oSIP. Empty when the header has an escaped NUL, which would cut it.
void user_copy(const osip_uri_t *uri, struct span header, char *buf, size_t size);
// A display name without its quotes.
void display_copy(const char *quoted, char *buf, size_t size);

// The URI of the first Contact. NULL: none that is sip: or sips:.
osip_uri_t *message_contact(const osip_message_t *m);
// P-Asserted-Identity, its first value, or NULL. To be freed with osip_from_free().
osip_from_t *message_identity(const struct guarded *g);
// Whether a header that is a list of tokens holds this one; parameters are not looked at.
bool message_lists(const struct guarded *g, enum raw_header_id id, const char *token);
