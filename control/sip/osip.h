// SPDX-License-Identifier: BSD-3-Clause
//
// The only include of oSIP. Its headers are not self-contained: <time.h> and <sys/time.h> must
// come before them.
#pragma once

// clang-format off
#include <sys/time.h>
#include <time.h>

#include <osipparser2/osip_parser.h>
#include <osip2/osip.h>
#include <osipparser2/osip_md5.h>
// clang-format on
