/* chimera doctor: what this machine can run and sense, and what to do about the rest. */
#include "base/arena.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/environment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void print_backends(const struct environment *env)
{
    puts("backends");
    for (size_t i = 0; i < env->n_backends; i++) {
        const struct environment_backend *const x = &env->backends[i];
        printf("  %-3s %-24s ", x->here ? "yes" : "-", x->backend->name);
        if (!x->here) {
            printf("%s\n", x->why);
            continue;
        }
        printf("%s", *x->found.version ? x->found.version : x->backend->summary);
        if (*x->found.detail)
            printf("  %s", x->found.detail);
        if (*x->found.path)
            printf("  (%s)", x->found.path);
        putchar('\n');
    }
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void print_bytes(const char *name, double x)
{
    if (x == 0)
        puts(strncmp(name, "swap", 4) == 0 ? "none" : "0 bytes");
    else if (x < 0x1p20)
        printf("%.1f KiB\n", x / 0x1p10);
    else if (x < 0x1p30)
        printf("%.1f MiB\n", x / 0x1p20);
    else
        printf("%.1f GiB\n", x / 0x1p30);
}

static void print_number(const char *name, double x)
{
    if (ends_in(name, "_bytes"))
        print_bytes(name, x);
    else if (ends_in(name, "_percent"))
        printf("%.2f %%\n", x);
    else
        printf("%.*f%s\n", x == floor(x) ? 0 : 2, x,
               ends_in(name, "_ns")    ? " ns"
               : ends_in(name, "_mhz") ? " MHz"
               : ends_in(name, "_w")   ? " W"
                                       : "");
}

static void print_fact(const struct fact *x)
{
    printf("      %-24s ", x->name);
    switch (x->kind) {
    case FACT_TEXT:
        puts(x->text);
        return;
    case FACT_NUMBER:
        print_number(x->name, x->number);
        return;
    case FACT_YES_NO:
        puts(x->number > 0 ? "yes" : "no");
        return;
    case FACT_UNKNOWN:
        printf("-  %s\n", x->text);
        return;
    }
}

/* Variables that are not set, and how the program was built, are for env.json and for -v. */
static bool is_shown(const struct fact *x, bool verbose)
{
    if (verbose)
        return true;
    if (strcmp(x->group, "variables") == 0)
        return x->kind != FACT_UNKNOWN;
    return strcmp(x->name, "c_flags") != 0;
}

static void print_facts(const struct facts *f, bool verbose)
{
    const char *group = "";
    for (size_t i = 0; i < f->n; i++) {
        const struct fact *const x = &f->items[i];
        if (!is_shown(x, verbose))
            continue;
        if (strcmp(x->group, group) != 0)
            printf("\n%s\n", x->group);
        group = x->group;
        print_fact(x);
    }
}

static enum err_code run(struct cli *cli, const void *, const struct opt_list *, int *ret_exit,
                         struct err *e)
{
    (void)e;
    struct environment env;
    environment_gather(cli->verbose, ".", cli->arena, &env);
    if (cli->json) {
        CLEANUP(str_done) struct str out = {};
        environment_json(&env, &out);
        fputs(str_text(&out), stdout);
    } else {
        print_backends(&env);
        print_facts(&env.facts, cli->verbose);
        if (env.n_here == 0)
            puts("\nno engine can run here; the lines above say how to get one");
    }
    *ret_exit = env.n_here == 0 ? 3 : 0;
    return ERR_OK;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "what this machine can run and sense, and how to get the rest",
    .about =
        "Every backend: its version and where it lies, or why it cannot run here and how to get "
        "it.\n"
        "Then the machine: processor, memory, clock, load and steal, sensors, what a run watches "
        "while\n"
        "it measures, libraries. What cannot be known is '-' with the reason. Quick: torch is not\n"
        "imported; -v imports it (seconds) to see\n"
        "which BLAS it really uses. Exit 3 where no engine can run (synthetic does not count).",
    .examples = "  chimera doctor\n  chimera doctor -v\n  chimera doctor --json",
    .run = run,
};
