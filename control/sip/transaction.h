// SPDX-License-Identifier: BSD-3-Clause
//
// Transactions (RFC 3261 section 17): oSIP's four machines, found by our hash and timed by our
// wheel. An oSIP object is 15 KB, so it is freed at the final response; what must still be
// answered afterwards is a struct linger.
#pragma once

#include "control/sip/endpoint.h"

struct sip_dialog;

enum transaction_kind { SERVER_INVITE, SERVER_OTHER, CLIENT_INVITE, CLIENT_OTHER };

// A response to a request of ours; NULL: none came in time. After a final response and after
// NULL the transaction is gone when this returns.
typedef void (*transaction_fn)(struct transaction *t, const struct arrival *response);

struct transaction {
	struct entry entry; // first: found in sip->transactions
	struct sip *sip;
	osip_transaction_t *machine;
	enum transaction_kind kind;
	struct sip_dialog *dialog; // whose it is; see dialog_attach()
	struct address peer;       // where to send
	char *bytes;               // client: the request; server: the last answer
	size_t len;
	struct timer limit; // every transaction has an end

	// server
	char *head;   // Via, From, To, Call-ID, CSeq of all its answers
	char *routes; // Record-Route lines of those that make a dialog
	char tag[TOKEN_TEXT];
	uint32_t cseq;
	bool offered; // the request had a description in it

	// client
	transaction_fn heard;
	struct timer again; // retransmission
	uint32_t wait_ms;   // between the last one and the next
	bool provisional;   // one has come
	char branch[TOKEN_TEXT];
};

// Begins a server transaction for a request; a->t is it, and owns a->osip. False: no memory or
// a message that oSIP does not make a transaction of; a->osip is freed.
[[nodiscard]] bool transaction_serve(struct arrival *a, struct key key);
// A repeated request for a live server transaction: oSIP's machine repeats the last answer.
void transaction_repeat(struct transaction *t, osip_message_t *request);

enum transaction_memory {
	REMEMBER, // a repeated request is answered again
	FORGET,   // strangers: the answer is computed anew, and nothing of them stays
};
// Sends an answer. After a final one the transaction is gone.
void transaction_answer(struct transaction *t, uint16_t code, const char *bytes, size_t len,
	enum transaction_memory memory);

// Sends a request, the bytes of which carry `branch`. NULL: no room, or oSIP does not read it.
[[nodiscard]] struct transaction *transaction_request(struct sip *s, const char *bytes, size_t len,
	const struct address *to, const char *branch, transaction_fn heard);
// A response; a->osip is consumed. False: it belongs to no live transaction and was not consumed.
bool transaction_respond(struct transaction *t, struct arrival *a);

// Of the request itself with its own method; of what an ACK or a CANCEL is for with INVITE.
struct key transaction_server_key(const struct arrival *a, struct span method);
struct key transaction_client_key(const struct sip *s, struct span branch, struct span method);

void transaction_free(struct transaction *t);

// oSIP's way out, for osip_set_cb_send_message().
int transaction_send_message(
	osip_transaction_t *machine, osip_message_t *message, char *host, int port, int socket);
