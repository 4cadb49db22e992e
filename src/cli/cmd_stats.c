/* chimera stats: the statistics on the columns of any table. */
#include "analysis/column_bootstrap.h"
#include "analysis/column_bound.h"
#include "analysis/column_fit.h"
#include "analysis/column_json.h"
#include "analysis/column_share.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/fit_print.h"
#include "cli/stats_print.h"
#include "cli/stats_where.h"
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
    const char *value, *group, *pair, *block, *control, *margin, *detect, *success, *bound;
    const char *x, *y, *level;
    struct opt_list where;
    double confidence;
    unsigned format, fit; /* fit 0: none */
    uint32_t resamples, bootstrap, permutations;
    uint64_t seed;
};

static const char *const formats[] = {"auto", "csv", "json", "parquet", nullptr};
static const char *const fits[] = {"none", "power", "offset", "linear", nullptr};
static_assert(POWER_LAW == 0 && POWER_LAW_OFFSET == 1 && POWER_LAW_LINE == 2);
static_assert(COLUMNS_AUTO == 0 && COLUMNS_CSV == 1 && COLUMNS_JSON == 2 && COLUMNS_PARQUET == 3);

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR, 0, "value", "COLUMN", nullptr, "numbers to summarise and to compare, or words (--success)",
     FIELD_OF(struct stats_args, value, const char *)},
    {OPT_STR, 'g', "group", "COLUMN", nullptr, "what tells the groups apart",
     FIELD_OF(struct stats_args, group, const char *)},
    {OPT_LIST, 'w', "where", "COLUMN=VALUE", nullptr,
     "only rows with this value, such as phase=measured; may be given several times, all hold then",
     FIELD_OF(struct stats_args, where, struct opt_list)},
    {OPT_STR, 'p', "pair", "COLUMN", nullptr,
     "values with the same word here belong together, one in each group: paired tests",
     FIELD_OF(struct stats_args, pair, const char *)},
    {OPT_STR, 'b', "block", "COLUMN", nullptr,
     "rows of one run, day or machine resemble each other: groups are compared within it, and it counts once",
     FIELD_OF(struct stats_args, block, const char *)},
    {OPT_STR, 0, "control", "GROUP", nullptr,
     "compare all others with this group, and with it alone: Dunnett's test",
     FIELD_OF(struct stats_args, control, const char *)},
    {OPT_STR, 'm', "margin", "X", nullptr,
     "a smaller difference does not matter: X in the column's unit, X% of a ratio; tests of equivalence",
     FIELD_OF(struct stats_args, margin, const char *)},
    {OPT_STR, 'd', "detect", "X", nullptr,
     "how many values find a difference of X (in the column's unit, or X%)?",
     FIELD_OF(struct stats_args, detect, const char *)},
    {OPT_STR, 0, "success", "WORD", nullptr,
     "--value holds words: the share of this one [true, yes, pass; numbers that are 0 or 1]",
     FIELD_OF(struct stats_args, success, const char *)},
    {OPT_STR, 0, "bound", "P:X", nullptr,
     "is the percentile P below X, as far as these n can show? p99:200; several with commas",
     FIELD_OF(struct stats_args, bound, const char *)},
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
    {OPT_U32, 0, "permutations", "N", "10000",
     "of the labels, beside the t test of up to 100 values, where not all can be enumerated; 0: none",
     FIELD_OF(struct stats_args, permutations, uint32_t), .min = 0, .max = 1e7},
    {OPT_U32, 0, "resamples", "N", "2000", "of --fit: of the bootstrap",
     FIELD_OF(struct stats_args, resamples, uint32_t), .min = 100, .max = 1e6},
    {OPT_U64, 0, "seed", "N", "42", "of the bootstrap and the permutations",
     FIELD_OF(struct stats_args, seed, uint64_t)},
    {OPT_F64, 'c', "confidence", "PERCENT", "95", "of intervals; 100 less it is the level of tests",
     FIELD_OF(struct stats_args, confidence, double), .min = 50, .max = 99.999},
    {OPT_CHOICE, 'f', "format", "FORMAT", "auto", "csv, json (a list of objects, or one a line), parquet; auto goes by the name",
     FIELD_OF(struct stats_args, format, unsigned), .choice = formats},
    {},
};
/* clang-format on */

/* "3" or "5%", above 0. text nullptr: NOT_MEASURED. */
static enum err_code read_amount(const char *option, const char *text, double *ret,
                                 bool *ret_is_ratio, struct err *e)
{
    *ret = NOT_MEASURED;
    *ret_is_ratio = false;
    if (!text)
        return ERR_OK;
    char *end;
    *ret = strtod(text, &end);
    *ret_is_ratio = *end == '%' && end[1] == '\0';
    if (end == text || (*end && !*ret_is_ratio) || !(*ret > 0) || !isfinite(*ret) ||
        (*ret_is_ratio && *ret >= 100))
        return err_set(e, ERR_USAGE, "--%s: '%s': want a number above 0, or one like 5%%", option,
                       text);
    if (*ret_is_ratio)
        *ret /= 100;
    return ERR_OK;
}

static enum err_code read_asked(const struct stats_args *o, struct column_stats_asked *ret,
                                struct err *e)
{
    struct column_stats_asked r = {.conf = o->confidence / 100,
                                   .control = o->control,
                                   .permutations = o->permutations,
                                   .seed = o->seed};
    if (read_amount("margin", o->margin, &r.margin, &r.margin_is_ratio, e) ||
        read_amount("detect", o->detect, &r.detect, &r.detect_is_ratio, e))
        return e->code;
    *ret = r;
    return r.margin_is_ratio && o->detect && !r.detect_is_ratio
               ? err_set(e, ERR_USAGE,
                         "--detect: with --margin in percent ratios are tested; give it in percent")
               : ERR_OK;
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
    jsonw_kstr(w, "control", o->control);
    jsonw_karray(w, "where");
    for (size_t i = 0; i < o->where.n; i++)
        jsonw_str(w, o->where.items[i]);
    jsonw_end_array(w);
    jsonw_kstr(w, "null_because", "the option was not given");
    jsonw_end_object(w);
    column_json_rows(t, w);
    return ERR_OK;
}

struct compared { /* what is made of the columns without --fit */
    struct column_stats s;
    struct bootstrap_plan plan;
    const struct column_bootstrap *bootstrap; /* nullptr: not asked for */
    struct column_share *share;               /* nullptr: values that are not 0 and 1 */
    struct column_share_words words;
    struct column_bound bounds[COLUMN_BOUND_MOST];
    size_t n_bounds;
};

static void print(const struct cli *cli, const struct compared *c, struct arena *a, struct str *out)
{
    const struct stats_print_look look = {command_wants_colour(cli), command_width()};
    if (c->share)
        stats_print_shares(c->share, &c->words, &look, a, out);
    if (!c->share || c->s.table->block)
        stats_print(&c->s, &look, a, out);
    if (c->n_bounds)
        stats_print_bounds(&c->s, c->bounds, c->n_bounds, &look, a, out);
    if (c->bootstrap)
        stats_print_bootstrap(&c->s, c->bootstrap, &look, a, out);
}

static enum err_code compare(const struct cli *cli, const struct stats_args *o, const char *path,
                             const struct column_table *t, const struct column_share_words *words,
                             struct arena *a, struct str *out, struct err *e)
{
    struct column_stats_asked asked;
    struct compared c = {.words = *words, .plan = {.seed = o->seed, .resamples = o->bootstrap}};
    struct jsonw w = {.out = out, .pretty = true};
    if (read_asked(o, &asked, e) ||
        (o->bound && column_bound_read(o->bound, c.bounds, &c.n_bounds, e)))
        return e->code;
    if (column_stats_of(t, &asked, a, &c.s, e) || column_share_of(&c.s, words, a, &c.share, e))
        return err_wrap(e, "'%s'", path);
    if (o->bootstrap)
        c.bootstrap = column_bootstrap_of(&c.s, &c.plan, a);
    if (!cli->json) {
        print(cli, &c, a, out);
        return ERR_OK;
    }
    if (begin_json(o, path, t, &w, e))
        return e->code;
    column_json_stats(&c.s, a, &w);
    if (c.share)
        column_share_json(c.share, words, &w);
    if (c.n_bounds)
        column_bound_json(&c.s, c.bounds, c.n_bounds, a, &w);
    if (c.bootstrap)
        column_bootstrap_json(&c.s, c.bootstrap, &c.plan, &w);
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
        fit_print(&f, o->x, o->y, o->level, command_width(), command_wants_colour(cli), a, out);
        return ERR_OK;
    }
    if (begin_json(o, path, t, &w, e))
        return e->code;
    column_fit_json(&f, &w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
    return ERR_OK;
}

struct given { /* an option, and whether it was given */
    const char *name;
    bool there;
};

static const char *first_given(const struct given *g, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (g[i].there)
            return g[i].name;
    return nullptr;
}

static enum err_code check_fit(const struct stats_args *o, struct err *e)
{
    if (!o->x || !o->y)
        return err_set(e, ERR_USAGE, "stats: --fit needs --%s COLUMN", o->x ? "y" : "x");
    const struct given unwanted[] = {
        {"value", o->value},   {"bootstrap", o->bootstrap}, {"pair", o->pair},
        {"block", o->block},   {"margin", o->margin},       {"control", o->control},
        {"detect", o->detect}, {"success", o->success},     {"bound", o->bound}};
    const char *const name = first_given(unwanted, COUNT_OF(unwanted));
    return name ? err_set(e, ERR_USAGE, "stats: --%s does not go with --fit", name) : ERR_OK;
}

static enum err_code check(const struct stats_args *o, struct err *e)
{
    if (o->fit)
        return check_fit(o, e);
    const struct given of_fit[] = {{"x", o->x}, {"y", o->y}, {"level", o->level}};
    const struct given of_group[] = {{"pair", o->pair},
                                     {"block", o->block},
                                     {"margin", o->margin},
                                     {"control", o->control},
                                     {"detect", o->detect}};
    const char *const fit = first_given(of_fit, COUNT_OF(of_fit));
    const char *const group = first_given(of_group, COUNT_OF(of_group));
    if (fit)
        return err_set(e, ERR_USAGE, "stats: --%s goes with --fit", fit);
    if (!o->value)
        return err_set(e, ERR_USAGE, "stats: needs --value COLUMN, or --fit LAW");
    return group && !o->group ? err_set(e, ERR_USAGE, "stats: --%s goes with --group", group)
                              : ERR_OK;
}

/* The columns as text: five, then those of --where. */
static enum err_code read_table(const struct stats_args *o, const char *path, struct arena *a,
                                struct column_share_words *ret_words, struct column_table *ret,
                                struct err *e)
{
    enum { FIRST = 5 };
    const char *const value = o->fit ? o->y : o->value;
    const char *wanted[FIRST + STATS_WHERE_MOST] = {value, o->group, o->pair, o->block, o->x};
    struct stats_where where;
    struct columns c;
    struct column_table_source source = {.value_name = value, .x_name = o->x};
    if (stats_where_read(&o->where, a, &where, e))
        return e->code;
    for (size_t k = 0; k < where.n; k++)
        wanted[FIRST + k] = where.column[k];
    if (columns_read(path, (enum columns_format)o->format, wanted, FIRST + where.n, a, &c, e))
        return e->code;
    *ret_words = (struct column_share_words){.text = c.text[0]};
    if (!o->fit && column_share_read(c.text[0], c.n_rows, o->success, a, ret_words, e))
        return err_wrap(e, "'%s', column '%s'", path, value);
    if (stats_where_rows(&where, c.text + FIRST, c.n_rows, a, &source.skip, e))
        return err_wrap(e, "'%s'", path);
    source.value = ret_words->text;
    source.group = c.text[1];
    source.pair = c.text[2];
    source.block = c.text[3];
    source.x = c.text[4];
    source.n = c.n_rows;
    return column_table_make(&source, a, ret, e) ? err_wrap(e, "'%s'", path) : ERR_OK;
}

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct stats_args *const o = args;
    const char *const path = operands->items[0];
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(str_done) struct str out = {};
    struct column_share_words words;
    struct column_table t;
    if (check(o, e) || command_check_file(path, e) || read_table(o, path, a, &words, &t, e) ||
        (o->fit ? fit(cli, o, path, &t, a, &out, e)
                : compare(cli, o, path, &t, &words, a, &out, e)))
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
        "Parquet; a.b is the key b inside the key a. Each group of the column --value gets its "
        "mean,\n"
        "median, spread and quantiles with intervals. Two groups are compared by Welch's and\n"
        "Student's t, Mann-Whitney, Kolmogorov-Smirnov and, where they are small, a permutation\n"
        "test; several by analyses of variance, Kruskal-Wallis, Tukey and Games-Howell, or all\n"
        "against one by Dunnett's test (--control). Effects are Cohen's d, Hedges' g, Cliff's "
        "delta\n"
        "and A12, with intervals.\n"
        "\n"
        "The verdict of a pair rests on Welch's t test with Holm's correction, and, with --margin, "
        "on\n"
        "two one-sided tests of equivalence. With --pair it rests on the paired t test. With "
        "--block it\n"
        "rests on the differences within the blocks, one for each: rows are taken as independent\n"
        "values otherwise, and where they are samples nested in runs, the run is the block. With "
        "both, a\n"
        "pair lies in one block. \"detectable\" is the smallest difference that these values would "
        "have\n"
        "shown in 8 of 10 such comparisons; --detect tells how many values a wanted one takes.\n"
        "\n"
        "Where every value is 0 or 1, true or false, or one word of several (--success), the table "
        "is of\n"
        "shares: Wilson's and Clopper and Pearson's intervals, Fisher's exact test and Newcombe's\n"
        "interval of the difference; with --pair McNemar's exact test.\n"
        "\n"
        "--bound tells whether so many values show that a percentile is below a bound (MLPerf's "
        "early\n"
        "stopping), above it, or neither.\n"
        "\n"
        "--fit finds how one column grows with another, with intervals, the leverage of each point "
        "and\n"
        "what the law would be without it; where a ratio crosses 1 (or --level), and where two "
        "groups\n"
        "meet. A law is usable where R2 is at least 0.2 and the bootstrap's interval of its "
        "exponent\n"
        "has no 0 in it, and fragile where it rests on one point.\n"
        "\n"
        "A row without a value or a group is left out, and counted.\n"
        "\n"
        "--json has every figure: {generated_from, rows{read, used, ...}, method, groups[{group, "
        "n,\n"
        "mean{value, lower, upper}, sd, cv, geometric_mean, min, p5 .. p99, max}], "
        "all_groups{anova,\n"
        "welch_anova, kruskal_wallis, blocks}, pairs[{a, b, difference, ratio, verdict{word, "
        "text,\n"
        "rests_on, estimate, lower, upper, p, p_holm, detectable, n_that_would_decide}, welch, "
        "student,\n"
        "mann_whitney, kolmogorov_smirnov, permutation, paired, blocked, dunnett, tukey, "
        "games_howell,\n"
        "cohen_d, hedges_g, glass_delta, cliff_delta, a12, equivalence}], shares, bounds, "
        "bootstrap};\n"
        "with --fit {method, fits[{group, a, b, b_interval, r2, usable, fragile, crosses_level,\n"
        "points[{row, x, y, fitted, leverage, b_without}]}], crossovers[{a, b, meet}]}. What was "
        "not\n"
        "asked for is not there; what cannot be told is null, with a reason beside it or in\n"
        "method.null_because.",
    .examples = "  chimera stats sizes.csv --fit power --x params --y ratio\n"
                "  chimera stats runs.csv --value latency_ms --group backend --margin 5%\n"
                "  chimera stats samples.csv -w phase=measured -w status=ok --value latency_ms "
                "--group backend --block invocation\n"
                "  chimera stats before_after.csv --value ms --group version --pair prompt\n"
                "  chimera stats samples.csv --value status --group backend --success ok\n"
                "  chimera stats load.csv --value latency_ms --bound p99:200",
    .opts = opts,
    .args_bytes = sizeof(struct stats_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
