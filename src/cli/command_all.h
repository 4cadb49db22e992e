/* command_all.h - the commands of this build: one line each, here and in commands.c. */
#pragma once

struct command;
extern const struct command cmd_doctor;
extern const struct command cmd_selftest;
extern const struct command cmd_env;
extern const struct command cmd_init;
extern const struct command cmd_plan;
extern const struct command cmd_run;
extern const struct command cmd_analyze;
extern const struct command cmd_compare;
extern const struct command cmd_audit;
extern const struct command cmd_import;
extern const struct command cmd_stats;
extern const struct command cmd_quality;
extern const struct command cmd_worker;
extern const struct command cmd_model;
extern const struct command cmd_dump_options;
