/* chimera stats: the statistics on the columns of any table. */
#include "analysis/column_bootstrap.h"
#include "analysis/column_fit.h"
#include "analysis/column_json.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/fit_print.h"
#include "cli/stats_print.h"
#include "io/digest.h"
#include "io/jsonw.h"
#include "store/columns.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MEMORY = (size_t)64 << 30;

struct stats_args {
    const char *value, *group, *pair, *block, *margin, *x, *y, *level;
    double confidence;
    unsigned format, fit; /* fit 0: none */
    uint32_t resamples, bootstrap;
    uint64_t seed;
};

static const char *const formats[] = {"auto", "csv", "json", "parquet", nullptr};
static const char *const fits[] = {"none", "power", "offset", "linear", nullptr};
static_assert(POWER_LAW == 0 && POWER_LAW_OFFSET == 1 && POWER_LAW_LINE == 2);
static_assert(COLUMNS_AUTO == 0 && COLUMNS_CSV == 1 && COLUMNS_JSON == 2 && COLUMNS_PARQUET == 3);

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR, 'v', "value", "COLUMN", nullptr, "numbers to summarise and to compare",
     FIELD_OF(struct stats_args, value, const char *)},
    {OPT_STR, 'g', "group", "COLUMN", nullptr, "what tells the groups apart",
     FIELD_OF(struct stats_args, group, const char *)},
    {OPT_STR, 'p', "pair", "COLUMN", nullptr,
     "values with the same word here belong together, one in each group: paired tests",
     FIELD_OF(struct stats_args, pair, const char *)},
    {OPT_STR, 'b', "block", "COLUMN", nullptr,
     "a second factor, such as the day or the machine: two-way analysis of variance, Friedman's test",
     FIELD_OF(struct stats_args, block, const char *)},
    {OPT_STR, 'm', "margin", "X", nullptr,
     "a smaller difference does not matter: X in the column's unit, X% of a ratio; tests of equivalence",
     FIELD_OF(struct stats_args, margin, const char *)},
    {OPT_CHOICE, 0, "fit", "LAW", "none",
     "how --y grows with --x, in each group: power, a x^b; offset, a x^b + c; linear, a + b x",
     FIELD_OF(struct stats_args, fit, unsigned), .choice = fits},
    {OPT_STR, 'x', "x", "COLUMN", nullptr, "of --fit: the size",
     FIELD_OF(struct stats_args, x, const char *)},
    {OPT_STR, 'y', "y", "COLUMN", nullptr, "of --fit: the figure that depends on it",
     FIELD_OF(struct stats_args, y, const char *)},
    {OPT_STR, 0, "level", "X", nullptr, "of --fit: where does y reach X? [1, where y lies on both sides of it]",
     FIELD_OF(struct stats_args, level, const char *)},
    {OPT_U32, 0, "bootstrap", "N", "0",
     "resamples behind percentile, basic and BCa intervals of mean, median, sd; every one where n is at most 10; 0: none",
     FIELD_OF(struct stats_args, bootstrap, uint32_t), .min = 0, .max = 1e6},
    {OPT_U32, 0, "resamples", "N", "2000", "of --fit: of the bootstrap",
     FIELD_OF(struct stats_args, resamples, uint32_t), .min = 100, .max = 1e6},
    {OPT_U64, 0, "seed", "N", "42", "of the bootstrap",
     FIELD_OF(struct stats_args, seed, uint64_t)},
    {OPT_F64, 'c', "confidence", "PERCENT", "95", "of intervals; 100 less it is the level of tests",
     FIELD_OF(struct stats_args, confidence, double), .min = 50, .max = 99.999},
    {OPT_CHOICE, 'f', "format", "FORMAT", "auto", "csv, json (a list of objects, or one a line), parquet; auto goes by the name",
     FIELD_OF(struct stats_args, format, unsigned), .choice = formats},
    {},
};
/* clang-format on */

static enum err_code read_margin(const char *text, struct column_stats_asked *ret, struct err *e)
{
    ret->margin = NOT_MEASURED;
    if (!text)
        return ERR_OK;
    char *end;
    ret->margin = strtod(text, &end);
    ret->margin_is_ratio = *end == '%' && end[1] == '\0';
    if (end == text || (*end && !ret->margin_is_ratio) || !(ret->margin > 0) ||
        !isfinite(ret->margin) || (ret->margin_is_ratio && ret->margin >= 100))
        return err_set(e, ERR_USAGE, "--margin: '%s': want a number above 0, or one like 5%%",
                       text);
    if (ret->margin_is_ratio)
        ret->margin /= 100;
    return ERR_OK;
}

/* The document up to the figures; the object stays open. */
static enum err_code begin_json(const struct stats_args *o, const char *path,
                                const struct column_table *t, struct jsonw *w, struct err *e)
{
    char hex[DIGEST_HEX] = "";
    const bool is_file = strcmp(path, "-") != 0;
    if (is_file && digest_file(path, hex, e))
        return e->code;
    jsonw_object(w);
    jsonw_kstr(w, "schema", "chimera.stats/1");
    jsonw_kstr(w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(w, "generated_from");
    jsonw_kstr(w, "path", path);
    jsonw_kstr(w, "sha256", is_file ? hex : nullptr);
    if (!is_file)
        jsonw_kstr(w, "sha256_reason", "standard input");
    jsonw_kstr(w, o->fit ? "y" : "value", o->fit ? o->y : o->value);
    if (o->fit)
        jsonw_kstr(w, "x", o->x);
    jsonw_kstr(w, "group", o->group);
    jsonw_kstr(w, "pair", o->pair);
    jsonw_kstr(w, "block", o->block);
    jsonw_kstr(w, "null_because", "the option was not given");
    jsonw_end_object(w);
    column_json_rows(t, w);
    return ERR_OK;
}

static enum err_code compare(const struct cli *cli, const struct stats_args *o, const char *path,
                             const struct column_table *t, struct arena *a, struct str *out,
                             struct err *e)
{
    struct column_stats s;
    struct column_stats_asked asked = {.conf = o->confidence / 100};
    struct jsonw w = {.out = out, .pretty = true};
    if (read_margin(o->margin, &asked, e))
        return e->code;
    if (column_stats_of(t, &asked, a, &s, e))
        return err_wrap(e, "'%s'", path);
    const struct bootstrap_plan plan = {.seed = o->seed, .resamples = o->bootstrap};
    const struct column_bootstrap *const b =
        o->bootstrap ? column_bootstrap_of(&s, &plan, a) : nullptr;
    if (!cli->json) {
        stats_print(&s, command_wants_colour(cli), a, out);
        if (b)
            stats_print_bootstrap(&s, b, command_wants_colour(cli), a, out);
        return ERR_OK;
    }
    if (begin_json(o, path, t, &w, e))
        return e->code;
    column_json_stats(&s, a, &w);
    if (b)
        column_bootstrap_json(&s, b, &plan, &w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
    return ERR_OK;
}

static enum err_code fit(const struct cli *cli, const struct stats_args *o, const char *path,
                         const struct column_table *t, struct arena *a, struct str *out,
                         struct err *e)
{
    struct column_fit f;
    bool missing = false;
    const double level = o->level ? column_table_number(o->level, &missing) : 1;
    const struct column_fit_asked asked = {.form = (enum power_law_form)(o->fit - 1),
                                           .conf = o->confidence / 100,
                                           .level = level,
                                           .resamples = o->resamples,
                                           .seed = o->seed};
    struct jsonw w = {.out = out, .pretty = true};
    if (isnan(level))
        return err_set(e, ERR_USAGE, "--level: '%s': want a number", o->level);
    if (column_fit_of(t, &asked, a, &f, e))
        return err_wrap(e, "'%s'", path);
    if (!cli->json) {
        fit_print(&f, o->x, o->y, o->level, command_wants_colour(cli), a, out);
        return ERR_OK;
    }
    if (begin_json(o, path, t, &w, e))
        return e->code;
    column_fit_json(&f, &w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
    return ERR_OK;
}

static enum err_code check_fit(const struct stats_args *o, struct err *e)
{
    if (!o->x || !o->y)
        return err_set(e, ERR_USAGE, "stats: --fit needs --%s COLUMN", o->x ? "y" : "x");
    const char *const unwanted = o->value       ? "value"
                                 : o->bootstrap ? "bootstrap"
                                 : o->pair      ? "pair"
                                 : o->block     ? "block"
                                 : o->margin    ? "margin"
                                                : nullptr;
    return unwanted ? err_set(e, ERR_USAGE, "stats: --%s does not go with --fit", unwanted)
                    : ERR_OK;
}

static enum err_code check(const struct stats_args *o, struct err *e)
{
    if (o->fit)
        return check_fit(o, e);
    if (o->x || o->y || o->level)
        return err_set(e, ERR_USAGE, "stats: --%s goes with --fit",
                       o->x   ? "x"
                       : o->y ? "y"
                              : "level");
    if (!o->value)
        return err_set(e, ERR_USAGE, "stats: needs --value COLUMN, or --fit LAW");
    if (!o->group && (o->pair || o->block || o->margin))
        return err_set(e, ERR_USAGE, "stats: --%s goes with --group",
                       o->pair    ? "pair"
                       : o->block ? "block"
                                  : "margin");
    return ERR_OK;
}

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct stats_args *const o = args;
    const char *const path = operands->items[0];
    const char *const value = o->fit ? o->y : o->value;
    const char *const wanted[] = {value, o->group, o->pair, o->block, o->x};
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(str_done) struct str out = {};
    struct columns c;
    struct column_table t;
    if (check(o, e) ||
        columns_read(path, (enum columns_format)o->format, wanted, COUNT_OF(wanted), a, &c, e))
        return e->code;
    const struct column_table_source source = {.value = c.text[0],
                                               .group = c.text[1],
                                               .pair = c.text[2],
                                               .block = c.text[3],
                                               .x = c.text[4],
                                               .value_name = value,
                                               .x_name = o->x,
                                               .n = c.n_rows};
    if (column_table_make(&source, a, &t, e))
        return err_wrap(e, "'%s'", path);
    if (o->fit ? fit(cli, o, path, &t, a, &out, e) : compare(cli, o, path, &t, a, &out, e))
        return e->code;
    if (!cli->json)
        stats_print_rows(&t, &out);
    (void)fputs(str_text(&out), stdout);
    return ERR_OK;
}

const struct command cmd_stats = {
    .name = "stats",
    .operands = "FILE",
    .summary = "the statistics on the columns of any table",
    .about =
        "FILE is a CSV or TSV (- is standard input), JSON (a list of objects, or an object a line) "
        "or\n"
        "Parquet. Each group of the column --value gets its mean, median, spread and quantiles "
        "with\n"
        "intervals; two groups are compared by Welch's and Student's t, Mann-Whitney and\n"
        "Kolmogorov-Smirnov, or, with --pair, by the paired t and Wilcoxon's test; several by\n"
        "analyses of variance, Kruskal-Wallis, Tukey and Games-Howell, with --block also two-way "
        "and\n"
        "by Friedman's test. Effects are Cohen's d, Hedges' g, Cliff's delta and A12, with "
        "intervals.\n"
        "The verdict of a pair rests on Welch's (or the paired) t test with Holm's correction, "
        "and,\n"
        "with --margin, on two one-sided tests of equivalence.\n"
        "\n"
        "Rows are taken as independent values. Where they are samples nested in runs, give each\n"
        "run's figure instead, or the run as --block.\n"
        "\n"
        "--fit finds how one column grows with another, with intervals, the leverage of each point "
        "and\n"
        "what the law would be without it; where a ratio crosses 1 (or --level), and where two "
        "groups\n"
        "meet. A law is usable where R2 is at least 0.2 and the bootstrap's interval of its "
        "exponent\n"
        "has no 0 in it, and fragile where it rests on one point.\n"
        "\n"
        "A row without a value or a group is left out, and counted. Every figure is in --json.",
    .examples = "  chimera stats sizes.csv --fit power --x params --y ratio\n"
                "  chimera stats runs.csv --value latency_ms --group backend --margin 5%\n"
                "  chimera stats before_after.csv --value ms --group version --pair prompt",
    .opts = opts,
    .args_bytes = sizeof(struct stats_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
