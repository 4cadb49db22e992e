#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/coverage_table.h"
#include "cli/nist_table.h"
#include "io/jsonw.h"
#include "selftest/coverage_json.h"
#include "selftest/nist_json.h"

#include <stdio.h>
#include <unistd.h>

struct selftest_args {
    const char *data;
    unsigned only;
    uint32_t simulations, threads;
    uint64_t seed;
};

enum { ONLY_ALL, ONLY_NIST, ONLY_COVERAGE };

static const char *const parts[] = {"all", "nist", "coverage", nullptr};

static const struct opt opts[] = {
    {OPT_CHOICE, 0, "only", "PART", "all", "nist: certified data sets; coverage: simulations",
     FIELD_OF(struct selftest_args, only, unsigned), .choice = parts},
    {OPT_STR, 0, "data", "DIR", nullptr,
     "run NIST's .dat files of this folder, and of those below, in place of the built-in ones",
     FIELD_OF(struct selftest_args, data, const char *)},
    {OPT_U32, 0, "simulations", "N", "2000", "of each law and shape; fewer allow wider bounds",
     FIELD_OF(struct selftest_args, simulations, uint32_t), .min = 50, .max = 1e6},
    {OPT_U64, 0, "seed", "N", "1", "of the simulations",
     FIELD_OF(struct selftest_args, seed, uint64_t)},
    {OPT_U32, 0, "threads", "N", "0", "at most; 0: all CPUs that are allowed",
     FIELD_OF(struct selftest_args, threads, uint32_t), .min = 0, .max = 1024},
    {},
};

struct outcome { /* a part that did not run is nullptr */
    const struct nist *nist;
    const struct coverage *coverage;
};

static void print_json(const struct outcome *o, const struct selftest_args *in)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.selftest/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    if (o->coverage) {
        jsonw_key(&w, "seed");
        jsonw_u64(&w, in->seed);
    }
    if (o->nist)
        jsonw_kstr(&w, "nist_data", in->data ? in->data : "built in");
    jsonw_end_object(&w);
    if (o->nist) {
        jsonw_key(&w, "nist");
        nist_json(o->nist, &w);
    }
    if (o->coverage) {
        jsonw_key(&w, "coverage");
        coverage_json(o->coverage, &w);
    }
    jsonw_end_object(&w);
    puts(str_text(&text));
}

/* At once: the simulations that follow take their time. */
static void print_nist(const struct nist *nist, bool more, const struct cli *cli)
{
    CLEANUP(str_done) struct str text = {};
    nist_table(nist, command_wants_colour(cli), cli->arena, &text);
    if (more)
        str_putc(&text, '\n');
    fputs(str_text(&text), stdout);
    (void)fflush(stdout);
}

static void print_coverage(const struct coverage *coverage, const struct cli *cli)
{
    CLEANUP(str_done) struct str text = {};
    coverage_table(coverage, command_wants_colour(cli), cli->arena, &text);
    fputs(str_text(&text), stdout);
}

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *, int *ret_exit,
                         struct err *e)
{
    const struct selftest_args *const in = args;
    struct nist nist = {};
    struct coverage coverage = {};
    struct outcome o = {};
    if (in->data && in->only == ONLY_COVERAGE)
        return err_set(e, ERR_USAGE,
                       "--data is of the nist part, which --only coverage leaves out");
    if (in->only != ONLY_COVERAGE) {
        if (in->data) {
            const enum err_code code = nist_folder(in->data, cli->arena, &nist, e);
            if (code != ERR_OK)
                return code;
        } else {
            nist = nist_builtin(cli->arena);
        }
        o.nist = &nist;
        if (!cli->json)
            print_nist(&nist, in->only != ONLY_NIST, cli);
    }
    if (in->only != ONLY_NIST) {
        const struct coverage_plan plan = {in->simulations, in->threads, in->seed};
        if (!cli->quiet && isatty(STDERR_FILENO))
            fprintf(stderr, "simulating coverage, which takes a while\n");
        coverage = coverage_run(&plan, cli->arena);
        o.coverage = &coverage;
    }
    if (cli->json)
        print_json(&o, in);
    else if (o.coverage)
        print_coverage(o.coverage, cli);
    *ret_exit = nist.failed > 0 || coverage.missed > 0;
    return ERR_OK;
}

const struct command cmd_selftest = {
    .name = "selftest",
    .operands = "",
    .summary = "what the statistics of this build are worth",
    .about = "Runs the reference data sets of NIST, whose results are certified, and says how many "
             "digits are right\nbeside the most that doubles can reach. Then simulates cells whose "
             "true figures are known, from the\nlaws of the synthetic engine, and counts how often "
             "the intervals that 'analyze' prints hold the\ntruth, and how often identical cells "
             "are called different. Seeded: the same figures on every\nmachine. Exit 1 when a "
             "bound is missed.",
    .examples = "  chimera selftest --only nist\n  chimera selftest --simulations 200 --json",
    .opts = opts,
    .args_bytes = sizeof(struct selftest_args),
    .run = run,
};
