// SPDX-License-Identifier: BSD-3-Clause
//
// Who still uses a dialog, and the end of it when nobody does.
#include "control/sip/dialog.h"

#include <assert.h>
#include <stdlib.h>

void dialog_free(struct sip_dialog *d)
{
	dialog_leave(d);
	for (uint32_t i = 0; i < d->routes; i++)
		free(d->route[i]);
	free(d->call_id);
	free(d->local_tag);
	free(d->remote_tag);
	free(d->local);
	free(d->remote);
	free(d->target);
	free(d->domain);
	free(d->reason);
	free(d->offer);
	free(d);
}

void dialog_hold(struct sip_dialog *d)
{
	d->uses++;
}

void dialog_drop(struct sip_dialog *d)
{
	assert(d->uses > 0);
	d->uses--;
	if (d->uses == 0 && d->state == DIALOG_GONE)
		dialog_free(d);
}

void dialog_attach(struct sip_dialog *d, struct transaction **as, struct transaction *t)
{
	assert(t->dialog == NULL);
	t->dialog = d;
	if (as != NULL)
		*as = t;
	dialog_hold(d);
}

void dialog_detach(struct sip_dialog *d, struct transaction *t)
{
	t->dialog = NULL;
	if (d->invite == t)
		d->invite = NULL;
	if (d->offer_in == t)
		d->offer_in = NULL;
	if (d->offer_out == t)
		d->offer_out = NULL;
	dialog_drop(d);
}
