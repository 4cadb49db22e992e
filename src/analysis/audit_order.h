/* audit_order.h - order-effect: blocks or the order of running explain a difference. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_order_checks[];
