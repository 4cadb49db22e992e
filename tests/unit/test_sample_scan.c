/* want: by hand, from what each line says; the digest is that of sha256sum. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "domain/status.h"
#include "folder.h"
#include "io/digest.h"
#include "io/file.h"
#include "store/sample_scan.h"
#include "test.h"

#include <stdlib.h>

#define CELL "\"scenario\":\"s\",\"backend\":\"b\",\"precision\":\"p\",\"model\":\"m\""
#define REST "\"invocation\":0,\"phase\":\"measured\",\"status\":\"ok\",\"latency_ms\":1.5"

/* A line by itself: what is wrong with it. */
static const struct {
    const char *why, *line;
    enum sample_line_fault want;
} lines[] = {
    {"the least", "{" CELL "," REST "}", SAMPLE_LINE_GOOD},
    {"with blanks and an end of DOS", " {" CELL " , " REST "}\r", SAMPLE_LINE_GOOD},
    {"unknown keys", "{\"x\":{\"status\":1}," CELL "," REST "}", SAMPLE_LINE_GOOD},
    {"an unknown key twice", "{\"x\":1,\"x\":2," CELL "," REST "}", SAMPLE_LINE_GOOD},
    {"a known key twice", "{" CELL "," REST ",\"latency_ms\":2}", SAMPLE_LINE_KEY_TWICE},
    {"a failure has no latency",
     "{" CELL ",\"invocation\":0,\"phase\":\"cold\",\"status\":\"oom\"}", SAMPLE_LINE_GOOD},
    {"an ok one must", "{" CELL ",\"invocation\":0,\"phase\":\"cold\",\"status\":\"ok\"}",
     SAMPLE_LINE_NO_LATENCY},
    {"negative",
     "{" CELL ",\"invocation\":0,\"phase\":\"cold\",\"status\":\"ok\",\"latency_ms\":-1}",
     SAMPLE_LINE_NO_LATENCY},
    {"text for a number",
     "{" CELL ",\"invocation\":0,\"phase\":\"cold\",\"status\":\"ok\",\"latency_ms\":\"1\"}",
     SAMPLE_LINE_NO_LATENCY},
    {"NaN is no JSON",
     "{" CELL ",\"invocation\":0,\"phase\":\"cold\",\"status\":\"ok\",\"latency_ms\":NaN}",
     SAMPLE_LINE_NO_JSON},
    {"nor is what no double holds",
     "{" CELL ",\"invocation\":0,\"phase\":\"cold\",\"status\":\"ok\",\"latency_ms\":1e999}",
     SAMPLE_LINE_NO_JSON},
    {"no cell", "{\"scenario\":\"s\",\"backend\":\"b\",\"precision\":1,\"model\":\"m\"," REST "}",
     SAMPLE_LINE_NO_CELL},
    {"no status of ours", "{" CELL ",\"invocation\":0,\"phase\":\"cold\",\"status\":\"fine\"}",
     SAMPLE_LINE_NO_STATUS},
    {"no phase of ours", "{" CELL ",\"invocation\":0,\"phase\":\"hot\",\"status\":\"oom\"}",
     SAMPLE_LINE_NO_PHASE},
    {"no invocation", "{" CELL ",\"phase\":\"cold\",\"status\":\"oom\"}",
     SAMPLE_LINE_NO_INVOCATION},
    {"an invocation that is no whole number",
     "{" CELL ",\"invocation\":0.5,\"phase\":\"cold\",\"status\":\"oom\"}",
     SAMPLE_LINE_NO_INVOCATION},
    {"one past what is counted",
     "{" CELL ",\"invocation\":2147483648,\"phase\":\"cold\",\"status\":\"oom\"}",
     SAMPLE_LINE_NO_INVOCATION},
    {"an array", "[1]", SAMPLE_LINE_NO_JSON},
    {"garbage", "garbage", SAMPLE_LINE_NO_JSON},
    {"two objects", "{}{}", SAMPLE_LINE_NO_JSON},
    {"no UTF-8", "{\"x\":\"\xff\"," CELL "," REST "}", SAMPLE_LINE_NO_JSON},
};

static const char *folder;

struct taken {
    struct sample_line last;
    size_t n;
};

static enum sample_line_fault take(void *context, const struct sample_line *l)
{
    struct taken *const t = context;
    t->last = *l;
    t->n++;
    return SAMPLE_LINE_GOOD;
}

static struct sample_scan_tally scan(struct arena *a, const char *text, size_t n, struct taken *ret)
{
    *ret = (struct taken){};
    struct sample_scan_tally t = {};
    struct err e = {};
    const char *const path = file_join(a, folder, "samples.jsonl");
    const struct sample_scan s = {.line = take, .context = ret};
    CHECK("reads", !file_write(path, text, n, &e) && !sample_scan(path, &s, &t, &e), "%s", e.msg);
    return t;
}

static void one_by_one(struct arena *a)
{
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct taken got;
        const char *const text = arena_printf(a, "%s\n", lines[i].line);
        const struct sample_scan_tally t = scan(a, text, strlen(text), &got);
        const enum sample_line_fault want = lines[i].want;
        CHECK(lines[i].why,
              want == SAMPLE_LINE_GOOD ? got.n == 1 : got.n == 0 && t.left_out[want] == 1,
              "%zu taken, %llu left out as '%s'", got.n, (unsigned long long)t.left_out[want],
              sample_line_why(want));
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What is not there is NULL, and so is what is of another type or does not fit. */
static void values(struct arena *a)
{
    static const char text[] =
        "{" CELL "," REST ",\"segment\":3.0,\"repetition\":4294967296,\"agent\":\"1\",\"seq\":null,"
        "\"submitted_ns\":9223372036854775807,\"finished_ns\":9223372036854775808,"
        "\"seed\":18446744073709551614,\"stop\":[\"length\",\"eos\",7],\"token_ns\":[1,2,3],"
        "\"ttft_ms\":0.1,\"reason\":\"caf\\u00e9\"}";
    struct taken got;
    (void)scan(a, text, sizeof text - 1, &got);
    const struct sample_line *const l = &got.last;
    CHECK("the last line needs no end", got.n == 1, "%zu", got.n);
    CHECK("a whole number written as 3.0", l->segment == 3, "%d", l->segment);
    CHECK("too large", l->repetition == INT32_MIN, "%d", l->repetition);
    CHECK("text", l->agent == INT32_MIN, "%d", l->agent);
    CHECK("null", l->seq == INT32_MIN, "%d", l->seq);
    CHECK("not there", l->prompt_index == INT32_MIN && isnan(l->cpu_ms), "%d", l->prompt_index);
    CHECK("the largest", l->submitted_ns == INT64_MAX, "%lld", (long long)l->submitted_ns);
    CHECK("one more", l->finished_ns == INT64_MIN, "%lld", (long long)l->finished_ns);
    CHECK("a seed of 64 bits", l->seed == UINT64_MAX - 1, "%llu", (unsigned long long)l->seed);
    CHECK("stops", l->n_stops == 3 && l->n_early == 1, "%d %d", l->n_stops, l->n_early);
    CHECK("steps", l->n_steps == 3, "%d", l->n_steps);
    CHECK_NEAR("a number", l->ttft_ms, 0.1, 0);
}

/* Each line is read beside the one before it, which says nearly the same. */
static void after_another(struct arena *a)
{
    static const struct {
        const char *rest;
        int32_t seq, n_stops, n_steps;
        double ttft_ms;
        const char *reason, *stop;
    } rows[] = {
        {"\"seq\":1,\"token_ns\":[1,2],\"stop\":[\"length\"],\"reason\":null,\"ttft_ms\":1.5", 1, 1,
         2, 1.5, nullptr, "length"},
        {"\"seq\":12,\"token_ns\":[1,2],\"stop\":null,\"reason\":\"r\",\"ttft_ms\":null", 12,
         INT32_MIN, 2, NOT_MEASURED, "r", nullptr},
        {"\"seq\":12,\"token_ns\":null,\"stop\":[\"eos\",\"length\"],\"reason\":null,\"ttft_ms\":1."
         "25",
         12, 2, INT32_MIN, 1.25, nullptr, "eos|length"},
        {"\"seq\":12,\"token_ns\":[],\"stop\":[\"eos\"],\"reason\":\"ttft_ms\",\"ttft_ms\":1.250",
         12, 1, 0, 1.25, "ttft_ms", "eos"},
        {"\"seq\":12,\"token_ns\":[],\"stop\":[\"eos\"],\"reason\":\"ttft_ms\"", 12, 1, 0,
         NOT_MEASURED, "ttft_ms", "eos"},
        {"\"seq\":12,\"token_ns\":[],\"stop\":[\"eos\"],\"reason\":\"ttft_ms\",\"x\":[2]", 12, 1, 0,
         NOT_MEASURED, "ttft_ms", "eos"},
        {"\"ttft_ms\":3,\"seq\":2", 2, INT32_MIN, INT32_MIN, 3, nullptr, nullptr},
        {"\"ttft_ms\":34,\"seq\":2", 2, INT32_MIN, INT32_MIN, 34, nullptr, nullptr},
        {"\"ttft_ms\":34,\"sek\":2", INT32_MIN, INT32_MIN, INT32_MIN, 34, nullptr, nullptr},
    };
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *r = sample_line_reader_new(SAMPLE_LINE_FIGURES);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sample_line l;
        const char *const text = arena_printf(a, "{" CELL "," REST ",%s}", rows[i].rest);
        const enum sample_line_fault f = sample_line_parse(r, text, strlen(text), &l);
        CHECK("good",
              f == SAMPLE_LINE_GOOD && l.status == STATUS_OK && test_near(l.latency_ms, 1.5, 0),
              "%s", text);
        CHECK("whole numbers",
              l.seq == rows[i].seq && l.n_stops == rows[i].n_stops && l.n_steps == rows[i].n_steps,
              "%s: %d %d %d", text, l.seq, l.n_stops, l.n_steps);
        CHECK_NEAR("a number", l.ttft_ms, rows[i].ttft_ms, 0);
        CHECK("words",
              same_text(l.reason, rows[i].reason) && same_text(l.stop, rows[i].stop) &&
                  same_text(l.scenario, "s"),
              "%s: %s %s", text, l.reason, l.stop);
    }
}

/* What is good but for one byte, behind the good one. */
static void nearly_another(struct arena *a)
{
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *r = sample_line_reader_new(SAMPLE_LINE_FIGURES);
    char *const last = arena_strdup(a, "{" CELL "," REST ",\"x\":[1,2]}}");
    const size_t n = strlen(last) - 1;
    struct sample_line unused;
    CHECK("one bracket more",
          sample_line_parse(r, last, n, &unused) == SAMPLE_LINE_GOOD &&
              sample_line_parse(r, last, n + 1, &unused) == SAMPLE_LINE_NO_JSON,
          "%s", last);
    for (size_t i = 0; i < n; i++) {
        struct sample_line l;
        if (last[i] != ',')
            continue;
        const bool whole = sample_line_parse(r, last, n, &l) == SAMPLE_LINE_GOOD;
        last[i] = ' ';
        const enum sample_line_fault f = sample_line_parse(r, last, n, &l);
        CHECK("a comma is gone", whole && f == SAMPLE_LINE_NO_JSON, "%s: %s", last,
              sample_line_why(f));
        last[i] = ',';
    }
}

/* Lines are numbered as an editor does it, blank ones too. */
static void a_file(struct arena *a)
{
    static const char text[] = "\xef\xbb\xbf{" CELL "," REST "}\r\n" /* 1: a mark of UTF-8 */
                               "\n \t\r\n"                           /* 2, 3: blank */
                               "garbage\n"                           /* 4 */
                               "{" CELL "," REST "}\n"               /* 5 */
                               "more garbage\n"                      /* 6 */
                               "{" CELL ",\"invo";                   /* 7: torn */
    struct taken got;
    char hex[DIGEST_HEX];
    const struct sample_scan_tally t = scan(a, text, sizeof text - 1, &got);
    CHECK("two samples", got.n == 2, "%zu", got.n);
    CHECK("garbage, from line 4",
          t.left_out[SAMPLE_LINE_NO_JSON] == 2 && t.first[SAMPLE_LINE_NO_JSON] == 4, "line %llu",
          (unsigned long long)t.first[SAMPLE_LINE_NO_JSON]);
    CHECK("torn, line 7", t.left_out[SAMPLE_LINE_TORN] == 1 && t.first[SAMPLE_LINE_TORN] == 7,
          "line %llu", (unsigned long long)t.first[SAMPLE_LINE_TORN]);
    digest_of(text, sizeof text - 1, hex);
    CHECK("its digest", strcmp(t.sha256, hex) == 0 && t.bytes == (int64_t)sizeof text - 1, "%s",
          t.sha256);
    const struct sample_scan_tally empty = scan(a, "", 0, &got);
    /* sha256sum /dev/null */
    CHECK("an empty file",
          got.n == 0 &&
              strcmp(empty.sha256,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0,
          "%s", empty.sha256);
}

/* Lines that do not end with the pieces in which a file is read, and one that is longer than they
 * are, and one that is too long. */
static void long_lines(struct arena *a)
{
    CLEANUP(str_done) struct str text = {};
    for (size_t i = 0; i < 400; i++) {
        str_puts(&text, "{" CELL "," REST ",\"outputs\":[\"");
        for (size_t k = 0; k < (i == 200 ? 3'000'000 : 997 * i); k++)
            str_putc(&text, 'x');
        str_puts(&text, "\"]}\n");
    }
    struct taken got;
    char hex[DIGEST_HEX];
    struct sample_scan_tally t = scan(a, text.text, text.n, &got);
    digest_of(text.text, text.n, hex);
    CHECK("all 400", got.n == 400, "%zu", got.n);
    CHECK("the digest of all", strcmp(t.sha256, hex) == 0, "%s", t.sha256);

    str_clear(&text);
    str_puts(&text, "{" CELL "," REST "}\n{\"x\":\"");
    str_reserve(&text, SAMPLE_SCAN_MOST_LINE + (1U << 20));
    memset(text.text + text.n, 'x', SAMPLE_SCAN_MOST_LINE + (1U << 20));
    text.n += SAMPLE_SCAN_MOST_LINE + (1U << 20);
    str_puts(&text, "\"}\n{" CELL "," REST "}\ngarbage");
    t = scan(a, text.text, text.n, &got);
    CHECK("the lines around one that is too long", got.n == 2, "%zu", got.n);
    CHECK("which is told",
          t.left_out[SAMPLE_LINE_TOO_LONG] == 1 && t.first[SAMPLE_LINE_TOO_LONG] == 2, "line %llu",
          (unsigned long long)t.first[SAMPLE_LINE_TOO_LONG]);
    CHECK("and counted", t.first[SAMPLE_LINE_TORN] == 4, "line %llu",
          (unsigned long long)t.first[SAMPLE_LINE_TORN]);
    digest_of(text.text, text.n, hex);
    CHECK("the digest has it all", strcmp(t.sha256, hex) == 0, "%s", t.sha256);
}

int main(void)
{
    char made[] = "/tmp/chimera-scan.XXXXXX";
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    folder = mkdtemp(made);
    if (!folder)
        return 1;
    one_by_one(a);
    values(a);
    after_another(a);
    nearly_another(a);
    a_file(a);
    long_lines(a);
    folder_remove(folder);
    return test_done();
}
