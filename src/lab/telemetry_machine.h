/* telemetry_machine.h - what the machine did in the measured window of one cell's invocation, from
 * the readings of its workers.
 */
#pragma once

#include "lab/telemetry.h"
#include "store/run_record.h"

/* Of agents[0..n), the first of which watched the machine; a nullptr is skipped. Texts of *ret are
 * constants or belong to the watch. */
[[nodiscard]] struct run_record_machine
telemetry_machine_summarise(const struct telemetry *const *agents, size_t n);
