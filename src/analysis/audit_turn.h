/* audit_turn.h - configurations that took turns only once: a scenario's samples of one all came
 * before those of the next, and in every scenario in the same order. What the machine did meanwhile
 * is then part of every difference. */
#pragma once

#include "analysis/audit.h"

/* Adds findings of order-effect; same_order_p: below it, equal orders are no chance. */
void audit_turn_look(const struct audit_whole *w, double same_order_p, struct audit *out);
