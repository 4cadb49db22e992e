#include "analysis/audit_json.h"
#include "analysis/audit_run.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/audit_print.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/measured.h"
#include "io/file.h"

#include <limits.h>
#include <stdio.h>

constexpr size_t MEMORY = (size_t)16 << 30;

struct audit_args {
    struct opt_list checks;
    const char *out;
    bool list;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_LIST, 0,   "check",  "NAME",  nullptr, "only this check; may be given several times",
     FIELD_OF(struct audit_args, checks, struct opt_list)},
    {OPT_STR,  'o', "output", "DIR",   nullptr, "where audit.json goes; the first DIR if not given",
     FIELD_OF(struct audit_args, out, const char *)},
    {OPT_FLAG, 0,   "list",   nullptr, nullptr, "the checks, their rules and limits; needs no DIR",
     FIELD_OF(struct audit_args, list, bool)},
    {},
};
/* clang-format on */

static enum err_code list_checks(const struct cli *cli, struct arena *a)
{
    CLEANUP(str_done) struct str text = {};
    if (cli->json)
        audit_json_list(&text);
    else
        audit_print_checks(a, &text);
    fputs(str_text(&text), stdout);
    return ERR_OK;
}

static enum err_code write_it(const struct audit_args *args, const char *folder,
                              const struct str *json, struct arena *a, const char **ret,
                              struct err *e)
{
    if (args->out && file_make_folders(args->out, e))
        return e->code;
    *ret = file_join(a, args->out ? args->out : folder, "audit.json");
    return file_write(*ret, str_text(json), json->n, e);
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands,
                         int *ret_exit, struct err *e)
{
    const struct audit_args *const args = given;
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    if (args->list)
        return list_checks(cli, a);
    if (operands->n == 0)
        return err_set(e, ERR_USAGE,
                       "audit: needs DIR..., a results folder; see 'chimera audit --help'");
    struct audit_choice choice = {};
    CLEANUP(measured_done) struct measured m = {};
    if (audit_run_choice(args->checks.items, args->checks.n, &choice, e) ||
        measured_read(operands->items, operands->n, &choice, nullptr, a, &m, e))
        return e->code;
    measured_tell_problems(&m);
    CLEANUP(str_done) struct str json = {}, text = {};
    const char *path = nullptr;
    audit_json(&m.results, &choice, m.audit, &json);
    if (write_it(args, operands->items[0], &json, a, &path, e))
        return e->code;
    const struct audit_print how = {
        .colour = command_wants_colour(cli), .all = cli->verbose, .n_cells = m.results.n_cells};
    if (cli->json) {
        fputs(str_text(&json), stdout);
    } else {
        audit_print(m.audit, &how, a, &text);
        fputs(str_text(&text), stdout);
        puts(path);
    }
    *ret_exit = audit_count_of(m.audit, AUDIT_FAIL) ? 1 : 0;
    return ERR_OK;
}

const struct command cmd_audit = {
    .name = "audit",
    .operands = "DIR...",
    .summary = "how what was measured can mislead, with evidence",
    .about =
        "Every check of docs/AUDIT.md on a results folder, or on several replicate runs of one\n"
        "experiment. Each finding has its evidence in numbers, advice, and the claims that it\n"
        "blocks. A check that lacks what it needs is named with the reason. Writes audit.json.\n\n"
        "The exit status is 1 where a finding has severity fail. Findings of severity info are\n"
        "counted, and shown with -v; audit.json has all.",
    .examples = "  chimera audit results/demo\n"
                "  chimera audit results/monday results/tuesday -o results/both\n"
                "  chimera audit results/demo --check label-mismatch --json\n"
                "  chimera audit --list",
    .opts = opts,
    .args_bytes = sizeof(struct audit_args),
    .min_operands = 0,
    .max_operands = UINT_MAX,
    .run = run,
};
