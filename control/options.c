// SPDX-License-Identifier: BSD-3-Clause
#include "control/options.h"

#include <getopt.h>
#include <stdio.h>

static void usage(FILE *to)
{
	fputs("usage: layby-core --config FILE [--check] [--version]\n"
	      "  --config FILE  settings (docs/examples/layby-core.yaml)\n"
	      "  --check        read settings and accounts, say what is wrong, and end\n",
		to);
}

static enum options_outcome wrong(void)
{
	usage(stderr);
	return OPTIONS_WRONG;
}

enum options_outcome options_read(struct options *out, int argc, char **argv)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' }, { "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int option;

	*out = (struct options){ .config = NULL };
	// NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			out->config = optarg;
			break;
		case 'k':
			out->check = true;
			break;
		case 'v':
			puts("layby-core " LAYBY_VERSION);
			return OPTIONS_ANSWERED;
		case 'h':
			usage(stdout);
			return OPTIONS_ANSWERED;
		default:
			return wrong();
		}
	}
	return out->config != NULL && optind == argc ? OPTIONS_GO : wrong();
}
