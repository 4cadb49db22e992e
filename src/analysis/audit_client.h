/* audit_client.h - client-bound: the program that sent the requests was itself the limit. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_client_checks[];
