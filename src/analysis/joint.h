/* joint.h - the verdict on speed, together with the guards: who did less work, or other work, is
 * not faster. Pure. */
#pragma once

#include "analysis/pair.h"

struct arena;
struct jsonw;

enum joint_guard : uint8_t { JOINT_UNKNOWN, JOINT_PASS, JOINT_FAIL };

struct joint {
    const char *verdict; /* verdict_name(), or "not comparable" where a guard fails */
    bool claimable;      /* a verdict was reached and every guard passed */
    enum joint_guard length, quality_a, quality_b;
    const char *reason; /* why it is not claimable; nullptr else */
};

[[nodiscard]] struct joint joint_of(const struct pair *p, struct arena *a);
void joint_json(const struct joint *j, struct jsonw *w); /* an object */
