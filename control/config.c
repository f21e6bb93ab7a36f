// SPDX-License-Identifier: BSD-3-Clause
//
// The core's settings: what the YAML looks like, what is assumed when it is silent, what a value
// may be.
#include "control/config.h"

#include "dataplane/yaml.h"

#include <cyaml/cyaml.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { TEXT_MAX = 1024, CALLS_DEFAULT = 10000, CALLS_MAX = 1000000, SIP_PORT = 5060 };
enum { SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };

static const char default_media_socket[] = "/run/layby/media.sock";
static const char default_control_socket[] = "/run/layby/control.sock";
static const char default_accounts[] = "/etc/layby/accounts.yaml";
static const char default_prompts[] = "/usr/share/asterisk/sounds/en_US_f_Allison";
static const char default_music[] = "/usr/share/asterisk/moh/reno_project-system.wav";

// The file as it is; NULL where it is silent.
struct raw_config {
	struct raw_sip {
		char *listen;
	} sip;
	struct raw_socket {
		char *socket;
	} * media, *control;
	struct raw_file {
		char *file;
	} * accounts;
	struct raw_prompts {
		char *directory;
	} * prompts;
	struct raw_music {
		char *file;
	} * music;
	struct raw_trunk {
		char *name, *address;
	} * trunk;
	struct raw_limits {
		uint32_t *calls;
	} * limits;
	char *log;
};

// clang-format off
#define TEXT(key, optional, type, member, most) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (optional), struct type, member, 1, most)
#define PART(key, member, fields) \
	CYAML_FIELD_MAPPING_PTR(key, CYAML_FLAG_POINTER | MAY, struct raw_config, member, fields)

enum { NEEDED = 0, MAY = CYAML_FLAG_OPTIONAL };

static const cyaml_schema_field_t sip_fields[] = {
	TEXT("listen", NEEDED, raw_sip, listen, TEXT_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t socket_fields[] = {
	TEXT("socket", NEEDED, raw_socket, socket, SOCKET_PATH_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t file_fields[] = {
	TEXT("file", NEEDED, raw_file, file, TEXT_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t prompts_fields[] = {
	TEXT("directory", NEEDED, raw_prompts, directory, TEXT_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t music_fields[] = {
	TEXT("default", NEEDED, raw_music, file, TEXT_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t trunk_fields[] = {
	TEXT("name", NEEDED, raw_trunk, name, 63),
	TEXT("address", NEEDED, raw_trunk, address, TEXT_MAX),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t limits_fields[] = {
	CYAML_FIELD_UINT_PTR("calls", CYAML_FLAG_POINTER | MAY, struct raw_limits, calls),
	CYAML_FIELD_END
};
static const cyaml_schema_field_t config_fields[] = {
	CYAML_FIELD_MAPPING("sip", CYAML_FLAG_DEFAULT, struct raw_config, sip, sip_fields),
	PART("media", media, socket_fields),
	PART("control", control, socket_fields),
	PART("accounts", accounts, file_fields),
	PART("prompts", prompts, prompts_fields),
	PART("music", music, music_fields),
	PART("trunk", trunk, trunk_fields),
	PART("limits", limits, limits_fields),
	TEXT("log", MAY, raw_config, log, 16),
	CYAML_FIELD_END
};
static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, config_fields)
};
// clang-format on

struct reading {
	const struct yaml_file *file;
	char *error;
	uint32_t error_size;
};

#define REFUSE(r, node, ...) \
	yaml_complain((r)->file, (r)->error, (r)->error_size, node, __VA_ARGS__)

// A literal address that one can send to; the port is SIP's own when nothing is said.
static bool read_address(struct address *out, const char *text)
{
	if (!address_read(out, text) || address_is_any(out->ip))
		return false;
	if (out->port == 0)
		out->port = SIP_PORT;
	return true;
}

static bool read_listen(struct reading *r, const char *text, struct address *out)
{
	// Every Contact and SDP carries it, so "any address" would say nothing.
	if (strncmp(text, "udp:", 4) != 0 || !read_address(out, text + 4))
		return REFUSE(r, "sip.listen",
			"\"%s\" is not like udp:192.0.2.1:5060: one address of this machine", text);
	return true;
}

static bool read_trunk(struct reading *r, const struct raw_trunk *trunk, struct address *out)
{
	if (trunk == NULL)
		return true;
	if (trunk->name[strcspn(trunk->name, " \t\r\n\"<>@:;")] != '\0')
		return REFUSE(r, "trunk.name", "a trunk's name is one plain word");
	if (!read_address(out, trunk->address))
		return REFUSE(r, "trunk.address",
			"\"%s\" is not like 192.0.2.1:5060: the one address the trunk calls from",
			trunk->address);
	return true;
}

static bool read_limits(struct reading *r, const struct raw_limits *limits, uint32_t *out)
{
	*out = CALLS_DEFAULT;
	if (limits == NULL || limits->calls == NULL)
		return true;
	*out = *limits->calls;
	return (*out >= 1 && *out <= CALLS_MAX) ||
	       REFUSE(r, "limits.calls", "the appliance takes 1-%d calls", CALLS_MAX);
}

static bool read_log(struct reading *r, const char *log, enum log_level *out)
{
	*out = LOG_INFO;
	return log == NULL || log_level_read(out, log) ||
	       REFUSE(r, "log", "\"%s\" is none of error, warning, notice, info, debug", log);
}

static char *copy(const char *text, const char *otherwise)
{
	return strdup(text != NULL ? text : otherwise);
}

static bool copy_texts(struct config *c, const struct raw_config *raw)
{
	c->media_socket = copy(raw->media ? raw->media->socket : NULL, default_media_socket);
	c->control_socket =
		copy(raw->control ? raw->control->socket : NULL, default_control_socket);
	c->accounts = copy(raw->accounts ? raw->accounts->file : NULL, default_accounts);
	c->prompts = copy(raw->prompts ? raw->prompts->directory : NULL, default_prompts);
	c->music = copy(raw->music ? raw->music->file : NULL, default_music);
	if (raw->trunk != NULL)
		c->trunk_name = strdup(raw->trunk->name);
	return c->media_socket != NULL && c->control_socket != NULL && c->accounts != NULL &&
	       c->prompts != NULL && c->music != NULL &&
	       (raw->trunk == NULL || c->trunk_name != NULL);
}

static bool take(struct reading *r, const struct raw_config *raw, struct config *c)
{
	if (!read_listen(r, raw->sip.listen, &c->sip) || !read_trunk(r, raw->trunk, &c->trunk) ||
		!read_limits(r, raw->limits, &c->calls_max) || !read_log(r, raw->log, &c->log))
		return false;
	if (!copy_texts(c, raw)) {
		snprintf(r->error, r->error_size, "no memory");
		return false;
	}
	return true;
}

bool config_load(struct config *out, const char *path, char *error, uint32_t error_size)
{
	void *raw = NULL;
	struct yaml_file *file = yaml_open(path, &config_schema, &raw, error, error_size);
	struct reading reading = { .file = file, .error = error, .error_size = error_size };
	struct config c = { .trunk_name = NULL };
	bool good;

	if (file == NULL)
		return false;
	good = take(&reading, raw, &c);
	yaml_close(file);
	if (good)
		*out = c;
	else
		config_clear(&c);
	return good;
}

void config_clear(struct config *c)
{
	free(c->media_socket);
	free(c->control_socket);
	free(c->accounts);
	free(c->prompts);
	free(c->music);
	free(c->trunk_name);
	*c = (struct config){ .trunk_name = NULL };
}
