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
        const char *const number = x->text ? x->text : number_short(a, x->value);
        str_printf(out, "%s%s %s", i ? ", " : "", x->key, number ? number : "unknown");
    }
}

static void finding_text(const struct audit_finding *f, const struct audit_print *how,
                         struct arena *a, struct str *out)
{
    CLEANUP(str_done) struct str text = {};
    str_printf(out, "    %s%s%s\n", how->colour ? tones[f->severity] : "", f->check,
               how->colour ? "\033[0m" : "");
    paragraph("", f->message, 6, out);
    facts_text(f, a, &text);
    if (text.n)
        paragraph("evidence: ", str_text(&text), 6, out);
    if (f->advice)
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

static void of_severity(const struct audit *x, enum audit_severity s, const struct audit_print *how,
                        struct arena *a, struct str *out)
{
    const size_t n = audit_count(x);
    bool *const told = ARENA_ARRAY(a, bool, n);
    bool headed = false;
    for (size_t i = 0; i < n; i++) {
        const struct audit_finding *const f = audit_at(x, i);
        if (f->severity != s || told[i])
            continue;
        if (!headed)
            str_printf(out, "%s%s%s\n", how->colour ? tones[s] : "", audit_severity_name(s),
                       how->colour ? "\033[0m" : "");
        headed = true;
        str_puts(out, "  ");
        subject_text(&f->subject, out);
        str_putc(out, '\n');
        for (size_t k = i; k < n; k++)
            if (audit_at(x, k)->severity == s &&
                same_subject(&audit_at(x, k)->subject, &f->subject)) {
                told[k] = true;
                finding_text(audit_at(x, k), how, a, out);
            }
    }
    if (headed)
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
    not_run(x, a, out);
    audit_print_counts(x, out);
    str_printf(out, " in %zu cell%s\n", how->n_cells, how->n_cells == 1 ? "" : "s");
}

void audit_print_checks(struct arena *a, struct str *out)
{
    const struct audit_check *c;
    for (size_t i = 0; (c = audit_run_at(i)); i++) {
        str_printf(out, "%s\n", c->name);
        paragraph("", c->rule, 4, out);
        for (size_t k = 0; k < c->n_limits; k++)
            paragraph(arena_printf(a, "%s %g: ", c->limits[k].name, c->limits[k].value),
                      c->limits[k].why, 4, out);
    }
}
