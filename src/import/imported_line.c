#include "import/imported_line.h"

#include "base/clock.h"
#include "base/str.h"
#include "io/jsonw.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define ADD(out, literal) str_add((out), literal, sizeof literal - 1)

static void whole(struct str *out, int64_t x)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = x < 0 ? -(uint64_t)x : (uint64_t)x;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (x < 0)
        digits[--at] = '-';
    str_add(out, digits + at, sizeof digits - at);
}

static void text_value(struct str *out, const char *text, size_t n)
{
    jsonw_strn(&(struct jsonw){.out = out}, text, n);
}

static void figures(const struct record *r, struct str *out)
{
    static const enum field written[] = {
        FIELD_LATENCY_MS,    FIELD_TTFT_MS,        FIELD_PREFILL_MS,    FIELD_DECODE_MS,
        FIELD_TOKENS_PER_S,  FIELD_POWER_W,        FIELD_PROMPT_TOKENS, FIELD_GENERATED_TOKENS,
        FIELD_TOKENS,        FIELD_PADDING_TOKENS, FIELD_TEMPERATURE_C, FIELD_CLOCK_MHZ,
        FIELD_STEAL_PERCENT,
    };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const enum field f = written[i];
        if (!record_has(r, f))
            continue;
        const struct record_value *const v = &r->values[f];
        ADD(out, ",\"");
        str_puts(out, field_table[f].name);
        ADD(out, "\":");
        if (v->text)
            str_add(out, v->text, v->n);
        else if (field_table[f].kind == FIELD_KIND_WHOLE)
            whole(out, (int64_t)v->number);
        else
            jsonw_f64(&(struct jsonw){.out = out}, v->number);
    }
}

/* Since 1970 here, not since a machine's start: only differences are used. */
static void stamps(const struct record *r, struct str *out)
{
    if (r->submitted_ns != INT64_MIN) {
        const double latency = record_number(r, FIELD_LATENCY_MS);
        ADD(out, ",\"submitted_ns\":");
        whole(out, r->submitted_ns);
        if (!isnan(latency)) {
            ADD(out, ",\"finished_ns\":");
            whole(out, r->submitted_ns + (int64_t)(latency * 1e6));
        }
    }
    if (record_has(r, FIELD_STARTED_AT)) {
        ADD(out, ",\"started_at\":");
        text_value(out, r->values[FIELD_STARTED_AT].text, r->values[FIELD_STARTED_AT].n);
    } else if (r->submitted_ns != INT64_MIN && !r->own_clock) {
        char instant[32];
        clock_utc(r->submitted_ns, 6, instant);
        str_printf(out, ",\"started_at\":\"%s\"", instant);
    }
    if (!r->token_ns)
        return;
    ADD(out, ",\"token_ns\":[");
    for (size_t i = 0; i < r->n_tokens; i++) {
        if (i)
            str_putc(out, ',');
        whole(out, r->token_ns[i]);
    }
    str_putc(out, ']');
}

void imported_line_format(const struct imported_line *line, const struct record *r, struct str *out)
{
    str_add(out, line->cell, line->n_cell);
    ADD(out, ",\"invocation\":");
    whole(out, line->invocation);
    ADD(out, ",\"phase\":\"");
    str_puts(out, status_phase_name(r->phase));
    ADD(out, "\",\"seq\":");
    whole(out, (int64_t)line->seq);
    ADD(out, ",\"status\":\"");
    str_puts(out, status_name(line->status));
    str_putc(out, '"');
    if (line->reason) {
        ADD(out, ",\"reason\":");
        text_value(out, line->reason, strlen(line->reason));
    }
    if (line->repetition >= 0) {
        ADD(out, ",\"repetition\":");
        whole(out, line->repetition);
    }
    if (line->prompt_index >= 0) {
        ADD(out, ",\"prompt_index\":");
        whole(out, line->prompt_index);
    }
    figures(r, out);
    stamps(r, out);
    if (r->stop) {
        ADD(out, ",\"stop\":[");
        text_value(out, r->stop, strlen(r->stop));
        str_putc(out, ']');
    }
    ADD(out, "}\n");
}
