#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/coverage_table.h"
#include "io/jsonw.h"
#include "selftest/coverage_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct selftest_args {
    uint32_t simulations, threads;
    uint64_t seed;
};

static const struct opt opts[] = {
    {OPT_U32, 0, "simulations", "N", "2000", "of each law and shape; fewer allow wider bounds",
     FIELD_OF(struct selftest_args, simulations, uint32_t), .min = 50, .max = 1e6},
    {OPT_U64, 0, "seed", "N", "1", "of the simulations",
     FIELD_OF(struct selftest_args, seed, uint64_t)},
    {OPT_U32, 0, "threads", "N", "0", "at most; 0: all CPUs that are allowed",
     FIELD_OF(struct selftest_args, threads, uint32_t), .min = 0, .max = 1024},
    {},
};

static bool wants_colour(const struct cli *cli)
{
    const char *const no = getenv("NO_COLOR");
    return cli->color == 1 || (cli->color == 0 && isatty(STDOUT_FILENO) && !(no && *no));
}

static void print_json(const struct coverage *c, uint64_t seed)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.selftest/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_key(&w, "seed");
    jsonw_u64(&w, seed);
    jsonw_end_object(&w);
    jsonw_key(&w, "coverage");
    coverage_json(c, &w);
    jsonw_end_object(&w);
    puts(str_text(&text));
}

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *, int *ret_exit,
                         struct err *)
{
    const struct selftest_args *const in = args;
    const struct coverage_plan plan = {in->simulations, in->threads, in->seed};
    const struct coverage c = coverage_run(&plan, cli->arena);
    if (cli->json) {
        print_json(&c, in->seed);
    } else {
        CLEANUP(str_done) struct str text = {};
        coverage_table(&c, wants_colour(cli), cli->arena, &text);
        fputs(str_text(&text), stdout);
    }
    *ret_exit = c.missed > 0;
    return ERR_OK;
}

const struct command cmd_selftest = {
    .name = "selftest",
    .operands = "",
    .summary = "what the statistics of this build are worth",
    .about = "Simulates cells whose true figures are known, from the laws of the synthetic engine, "
             "and counts how\noften the intervals that 'analyze' prints hold the truth, and how "
             "often identical cells are called\ndifferent. Seeded: the same figures on every "
             "machine. Exit 1 when a bound is missed.",
    .examples = "  chimera selftest\n  chimera selftest --simulations 200 --json",
    .opts = opts,
    .args_bytes = sizeof(struct selftest_args),
    .run = run,
};
