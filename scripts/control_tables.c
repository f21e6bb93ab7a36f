// SPDX-License-Identifier: BSD-3-Clause
//
// Prints the tables of docs/CONTROL.md from the tables of the code.
#include "control/admin/methods.h"

#include <stdio.h>

static void print_params(const struct param *param)
{
	if (param->name == NULL)
		printf("–");
	for (const struct param *p = param; p->name != NULL; p++)
		printf("%s`%s`%s (%s): %s", p == param ? "" : "<br>", p->name,
			p->required ? " **needed**" : "", param_type_name(p->type), p->help);
}

int main(void)
{
	puts("| Method | What it is | Parameters |\n|---|---|---|");
	for (size_t i = 0; i < methods_count; i++) {
		printf("| `%s`%s | %s | ", methods[i].name, methods[i].changes ? " (changes)" : "",
			methods[i].help);
		print_params(methods[i].param);
		puts(" |");
	}
	puts("\n| Code | `data.reason` | Says |\n|---|---|---|");
	for (int e = RPC_OK + 1; e < RPC_ERROR_COUNT; e++)
		printf("| %d | `%s` | %s |\n", rpc_error_code((enum rpc_error)e),
			rpc_error_reason((enum rpc_error)e), rpc_error_sentence((enum rpc_error)e));
	return 0;
}
