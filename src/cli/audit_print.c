#include "cli/audit_print.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "report/number.h"

#include <math.h>
#include <string.h>

constexpr size_t WIDTH = 100; /* of a line of text */

static const char *const tones[AUDIT_SEVERITIES] = {
    [AUDIT_INFO] = "\033[36m", [AUDIT_WARN] = "\033[33m", [AUDIT_FAIL] = "\033[31m"};

/* Words of text, broken into lines that begin with `indent` columns. */
static void paragraph(const char *first, const char *text, size_t indent, struct str *out)
{
    str_printf(out, "%*s%s", (int)indent, "", first);
    size_t at = indent + strlen(first);
    for (bool first_word = true; *text; first_word = false) {
        const size_t word = strcspn(text, " ");
        if (!first_word && at + 1 + word > WIDTH) {
            str_printf(out, "\n%*s", (int)(indent + 2), "");
            at = indent + 2;
        } else if (!first_word) {
            str_putc(out, ' ');
            at++;
        }
        str_add(out, text, word);
        at += word;
        text += word + strspn(text + word, " ");
    }
    str_putc(out, '\n');
}

static bool same_word(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_subject(const struct audit_subject *a, const struct audit_subject *b)
{
    return same_word(a->scenario, b->scenario) && same_word(a->model, b->model) &&
           same_word(a->backend, b->backend) && same_word(a->precision, b->precision) &&
           a->replicate == b->replicate && a->invocation == b->invocation;
}

static void add_word(const char *word, const char *before, struct str *out)
{
    if (word)
        str_printf(out, "%s%s", before, word);
}

static void subject_text(const struct audit_subject *s, struct str *out)
{
    const size_t began = out->n;
    add_word(s->scenario, "", out);
    add_word(s->model, out->n > began ? " " : "", out);
    add_word(s->backend, out->n > began ? " " : "", out);
    add_word(s->precision, s->backend ? "/" : out->n > began ? " " : "", out);
    if (s->replicate >= 0)
        str_printf(out, "%sreplicate %d", out->n > began ? ", " : "", s->replicate);
    if (s->invocation >= 0)
        str_printf(out, "%sinvocation %d", out->n > began ? ", " : "", s->invocation);
    if (out->n == began)
        str_puts(out, "the whole");
}

static void facts_text(const struct audit_finding *f, struct arena *a, struct str *out)
{
    for (size_t i = 0; i < f->n_facts; i++) {
        const struct audit_fact *const x = &f->facts[i];
        const bool whole = x->value == trunc(x->value) && fabs(x->value) < 1e5; /* a count */
        const char *const number = x->text ? x->text
                                   : whole ? arena_printf(a, "%.0f", x->value)
                                           : number_short(a, x->value);
        str_printf(out, "%s%s %s", i ? ", " : "", x->key, number ? number : "unknown");
    }
}

/* The advice of a check stands with the first finding that has it. */
static bool advised_before(const struct audit *x, size_t at)
{
    const struct audit_finding *const f = audit_at(x, at);
    for (size_t i = 0; i < at; i++)
        if (audit_at(x, i)->severity == f->severity &&
            strcmp(audit_at(x, i)->check, f->check) == 0 &&
            same_word(audit_at(x, i)->advice, f->advice))
            return true;
    return false;
}

static void finding_text(const struct audit_finding *f, bool with_advice,
                         const struct audit_print *how, struct arena *a, struct str *out)
{
    CLEANUP(str_done) struct str text = {};
    str_printf(out, "    %s%s%s\n", how->colour ? tones[f->severity] : "", f->check,
               how->colour ? "\033[0m" : "");
    paragraph("", f->message, 6, out);
    facts_text(f, a, &text);
    if (text.n)
        paragraph("evidence: ", str_text(&text), 6, out);
    if (f->advice && with_advice)
        paragraph("advice: ", f->advice, 6, out);
    str_clear(&text);
    if (f->blocks == AUDIT_EVERYTHING)
        str_puts(&text, "every claim");
    else
        for (size_t i = 0; i < AUDIT_CLAIMS; i++)
            if (f->blocks & 1U << i)
                str_printf(&text, "%s%s", text.n ? ", " : "", audit_claim_name(i));
    if (text.n && f->severity != AUDIT_INFO)
        paragraph("blocks: ", str_text(&text), 6, out);
}

static bool same_facts(const struct audit_finding *a, const struct audit_finding *b)
{
    if (strcmp(a->check, b->check) != 0 || a->severity != b->severity || a->n_facts != b->n_facts ||
        !same_word(a->advice, b->advice))
        return false;
    for (size_t i = 0; i < a->n_facts; i++)
        if (strcmp(a->facts[i].key, b->facts[i].key) != 0 ||
            !same_word(a->facts[i].text, b->facts[i].text) ||
            (!a->facts[i].text && !(a->facts[i].value == b->facts[i].value)))
            return false;
    return true;
}

constexpr size_t MOST_NAMES = 4; /* of subjects that share a finding */

/* The same evidence in many cells is one thing to read. */
static bool told_together(const struct audit *x, size_t at, bool *told,
                          const struct audit_print *how, struct arena *a, struct str *out)
{
    const struct audit_finding *const f = audit_at(x, at);
    size_t n = 0;
    for (size_t i = at; i < audit_count(x); i++)
        n += !told[i] && same_facts(audit_at(x, i), f);
    if (n <= 2)
        return false;
    str_printf(out, "  %zu cells\n", n);
    struct audit_finding one = *f;
    const char *const label =
        arena_printf(a, "%s/%s: ", f->subject.backend ? f->subject.backend : "",
                     f->subject.precision ? f->subject.precision : "");
    if (f->message && strncmp(f->message, label, strlen(label)) == 0)
        one.message = f->message + strlen(label);
    finding_text(&one, true, how, a, out);
    CLEANUP(str_done) struct str names = {};
    for (size_t i = at, k = 0; i < audit_count(x); i++) {
        if (told[i] || !same_facts(audit_at(x, i), f))
            continue;
        told[i] = true;
        if (k++ < MOST_NAMES) {
            str_puts(&names, k > 1 ? "; " : "");
            subject_text(&audit_at(x, i)->subject, &names);
        }
    }
    if (n > MOST_NAMES)
        str_printf(&names, "; and %zu more, which audit.json names", n - MOST_NAMES);
    paragraph("in: ", str_text(&names), 6, out);
    return true;
}

static void of_subject(const struct audit *x, size_t at, bool *told, const struct audit_print *how,
                       struct arena *a, struct str *out)
{
    const struct audit_finding *const f = audit_at(x, at);
    str_puts(out, "  ");
    subject_text(&f->subject, out);
    str_putc(out, '\n');
    for (size_t k = at; k < audit_count(x); k++)
        if (!told[k] && audit_at(x, k)->severity == f->severity &&
            same_subject(&audit_at(x, k)->subject, &f->subject)) {
            told[k] = true;
            finding_text(audit_at(x, k), !advised_before(x, k), how, a, out);
        }
}

static void of_severity(const struct audit *x, enum audit_severity s, const struct audit_print *how,
                        struct arena *a, struct str *out)
{
    bool *const told = ARENA_ARRAY(a, bool, audit_count(x));
    CLEANUP(str_done) struct str shared = {};
    if (audit_count_of(x, s) == 0)
        return;
    str_printf(out, "%s%s%s\n", how->colour ? tones[s] : "", audit_severity_name(s),
               how->colour ? "\033[0m" : "");
    for (size_t i = 0; i < audit_count(x); i++)
        if (audit_at(x, i)->severity == s && !told[i])
            (void)told_together(x, i, told, how, a, &shared);
    for (size_t i = 0; i < audit_count(x); i++)
        if (audit_at(x, i)->severity == s && !told[i])
            of_subject(x, i, told, how, a, out);
    str_puts(out, str_text(&shared));
    str_putc(out, '\n');
}

static void info_counts(const struct audit *x, struct arena *a, struct str *out)
{
    CLEANUP(str_done) struct str names = {};
    bool *const told = ARENA_ARRAY(a, bool, audit_count(x));
    for (size_t i = 0; i < audit_count(x); i++) {
        const struct audit_finding *const f = audit_at(x, i);
        size_t n = 0;
        for (size_t k = i; k < audit_count(x); k++)
            if (!told[k] && audit_at(x, k)->severity == AUDIT_INFO && f->severity == AUDIT_INFO &&
                strcmp(audit_at(x, k)->check, f->check) == 0) {
                told[k] = true;
                n++;
            }
        if (n)
            str_printf(&names, "%s%s (%zu)", names.n ? ", " : "", f->check, n);
    }
    str_puts(&names, "; -v shows them");
    str_puts(out, "info\n");
    paragraph("", str_text(&names), 2, out);
    str_putc(out, '\n');
}

/* Checks with one reason share a line. */
static void not_run(const struct audit *x, struct arena *a, struct str *out)
{
    const size_t n = audit_absences(x);
    bool *const told = ARENA_ARRAY(a, bool, n);
    if (n)
        str_puts(out, "could not look\n");
    for (size_t i = 0; i < n; i++) {
        if (told[i])
            continue;
        CLEANUP(str_done) struct str names = {};
        for (size_t k = i; k < n; k++) {
            const struct audit_absence *const y = audit_absence_at(x, k);
            if (strcmp(y->reason, audit_absence_at(x, i)->reason) != 0)
                continue;
            told[k] = true;
            str_printf(&names, "%s%s", names.n ? ", " : "", y->check);
            if (y->n > 1)
                str_printf(&names, " (%zu)", y->n);
        }
        str_printf(&names, ": %s", audit_absence_at(x, i)->reason);
        paragraph("", str_text(&names), 2, out);
    }
    if (n)
        str_putc(out, '\n');
}

void audit_print_counts(const struct audit *x, struct str *out)
{
    for (size_t s = AUDIT_SEVERITIES; s-- > 0;)
        str_printf(out, "%zu %s%s", audit_count_of(x, (enum audit_severity)s),
                   audit_severity_name((enum audit_severity)s), s ? ", " : "");
}

void audit_print(const struct audit *x, const struct audit_print *how, struct arena *a,
                 struct str *out)
{
    for (size_t s = AUDIT_SEVERITIES; s-- > (how->all ? AUDIT_INFO : AUDIT_WARN);)
        of_severity(x, (enum audit_severity)s, how, a, out);
    if (!how->all && audit_count_of(x, AUDIT_INFO))
        info_counts(x, a, out);
    not_run(x, a, out);
    audit_print_counts(x, out);
    str_printf(out, " in %zu cell%s\n", how->n_cells, how->n_cells == 1 ? "" : "s");
}

static bool listed_before(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(audit_run_at(k)->name, audit_run_at(i)->name) == 0)
            return true;
    return false;
}

static void check_text(const struct audit_check *c, struct arena *a, struct str *out)
{
    CLEANUP(str_done) struct str claims = {};
    paragraph("", c->rule, 0, out);
    str_putc(out, '\n');
    paragraph("Evidence: ", c->evidence, 0, out);
    for (size_t i = 0; c->blocks != AUDIT_EVERYTHING && i < AUDIT_CLAIMS; i++)
        if (c->blocks & 1U << i)
            str_printf(&claims, "%s%s", claims.n ? ", " : "", audit_claim_name(i));
    str_putc(out, '\n');
    paragraph("Blocks: ", claims.n ? str_text(&claims) : "every claim", 0, out);
    str_putc(out, '\n');
    for (size_t k = 0; k < c->n_limits; k++)
        paragraph(arena_printf(a, "- `%s` %g: ", c->limits[k].name, c->limits[k].value),
                  c->limits[k].why, 0, out);
    if (c->n_limits)
        str_putc(out, '\n');
}

void audit_print_checks(struct arena *a, struct str *out)
{
    const struct audit_check *c;
    for (size_t i = 0; (c = audit_run_at(i)); i++) {
        if (listed_before(i))
            continue;
        str_printf(out, "### %s\n\n", c->name);
        for (size_t k = i; audit_run_at(k); k++)
            if (strcmp(audit_run_at(k)->name, c->name) == 0)
                check_text(audit_run_at(k), a, out);
    }
}
