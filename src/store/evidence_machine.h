/* evidence_machine.h - what the machine did while the measured requests of one invocation ran, as
 * run_<n>.json keeps it (key "machine"; run_record.h says what each figure is).
 */
#pragma once

struct json;

struct evidence_machine { /* NOT_MEASURED: not recorded */
    double window_s;
    double steal_percent, steal_percent_most, busy_percent, others_percent, pressure_percent;
    double waited_percent, preempted;
    double celsius_most, celsius_limit, throttle_events;
    double mhz_least, mhz_mean, mhz_most, mhz_top, mhz_first, mhz_last;
};

[[nodiscard]] struct evidence_machine evidence_machine_none(void);
/* machine: nullptr, or anything: what is no number of its key is not recorded. */
[[nodiscard]] struct evidence_machine evidence_machine_of(const struct json *machine);
