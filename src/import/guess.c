#include "import/guess.h"

#include "base/defs.h"
#include "io/file.h"
#include "io/magic.h"

#include <stdio.h>
#include <string.h>

constexpr size_t LOOKED_AT = (size_t)1 << 16;

/* What stands in a file of that tool and in no other's: all of the words. */
struct mark {
    enum import_format format;
    const char *words[3]; /* nullptr: fewer */
};

static const struct mark json_marks[] = {
    {IMPORT_GUIDELLM, {"\"guidellm_version\""}},
    {IMPORT_GUIDELLM, {"\"type_\": \"generative_benchmark\""}},
    {IMPORT_LLAMA_BENCH, {"\"model_filename\"", "\"n_prompt\""}},
    {IMPORT_VLLM_BENCH, {"\"request_throughput\"", "\"completed\""}},
    {IMPORT_AIPERF, {"\"aiperf_version\""}},
    {IMPORT_AIPERF, {"\"metadata\"", "\"metrics\"", "\"benchmark_phase\""}},
};

static const struct mark table_marks[] = {
    /* of the first line */
    {IMPORT_LLAMA_BENCH, {"model_filename", "n_prompt", "avg_ns"}},
    {IMPORT_AIPERF, {"Metric,avg,min,max", ",p50,"}},
    {IMPORT_CSV, {"latency_ms"}},
};

/* Forms of a tool's output that hold fewer figures than its others. */
static const struct {
    const char *begins, *holds, *what;
} poor[] = {
    {"| model ", " t/s |", "llama-bench -o md, which has rates and no times"},
    {"CREATE TABLE", "llama_bench (", "llama-bench -o sql, which has no samples"},
    {"INSERT INTO", "llama_bench (", "llama-bench -o sql, which has no samples"},
};

static const char *past_mark(const char *text)
{
    return strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text;
}

bool guess_is_json(const char *text)
{
    text = past_mark(text);
    const char first = text[strspn(text, " \t\r\n")];
    return first == '{' || first == '[';
}

static bool bears(const char *text, const struct mark *m)
{
    for (size_t i = 0; i < COUNT_OF(m->words) && m->words[i]; i++)
        if (!strstr(text, m->words[i]))
            return false;
    return true;
}

/* ret stays where no mark is found. */
static enum err_code find_marks(const char *source, const char *text, enum import_format *ret,
                                struct err *e)
{
    const bool json = guess_is_json(text);
    const struct mark *const marks = json ? json_marks : table_marks, *found = nullptr;
    const size_t n = json ? COUNT_OF(json_marks) : COUNT_OF(table_marks);
    for (size_t i = 0; i < n; i++) {
        if (!bears(text, &marks[i]))
            continue;
        if (found && found->format != marks[i].format)
            return err_set(e, ERR_USAGE,
                           "import: '%s' has the marks of %s and of %s; --format says which it is",
                           source, import_format_name(found->format),
                           import_format_name(marks[i].format));
        found = &marks[i];
    }
    *ret = found ? found->format : *ret;
    return ERR_OK;
}

static bool by_name(const char *source, enum import_format *ret)
{
    static const struct {
        const char *ending;
        enum import_format format;
    } endings[] = {{".csv", IMPORT_CSV},
                   {".tsv", IMPORT_CSV},
                   {".jsonl", IMPORT_JSONL},
                   {".ndjson", IMPORT_JSONL},
                   {".json", IMPORT_JSONL}};
    const size_t n = strlen(source);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        const size_t k = strlen(endings[i].ending);
        if (n > k && strcmp(source + n - k, endings[i].ending) == 0) {
            *ret = endings[i].format;
            return true;
        }
    }
    return false;
}

static enum err_code check_kind(const char *source, const char *text, size_t n, struct err *e)
{
    const char *const other = magic_of(text, n);
    if (other)
        return err_set(e, ERR_PARSE, "'%s' is no text: it is %s", source, other);
    const char *const begin = past_mark(text);
    for (size_t i = 0; i < COUNT_OF(poor); i++)
        if (strncmp(begin, poor[i].begins, strlen(poor[i].begins)) == 0 &&
            strstr(begin, poor[i].holds))
            return err_set(e, ERR_PARSE,
                           "'%s' is an output of %s; run it with -o json, which has all", source,
                           poor[i].what);
    return ERR_OK;
}

enum err_code guess_format(const char *source, bool table, enum import_format *ret, struct err *e)
{
    if (strcmp(source, "-") == 0)
        return err_set(e, ERR_USAGE,
                       "import: standard input has no name that tells its format; give --format");
    char text[LOOKED_AT];
    CLEANUP(file_closep) FILE *f = fopen(source, "re");
    const size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = '\0'; /* what is behind a NUL is looked at by no strstr() */
    if (check_kind(source, text, n, e))
        return e->code;
    const bool json = guess_is_json(text);
    if (!json)
        text[strcspn(text, "\n")] = '\0';
    enum import_format marked = IMPORT_FORMATS;
    if (!table && find_marks(source, text, &marked, e))
        return e->code;
    if (marked != IMPORT_FORMATS) {
        *ret = marked;
        return ERR_OK;
    }
    if (by_name(source, ret))
        return ERR_OK;
    const char *const begin = past_mark(text);
    *ret = IMPORT_JSONL;
    return begin[strspn(begin, " \t\r\n")] == '[' /* an array of objects */
               ? ERR_OK
               : err_set(e, ERR_USAGE,
                         "import: neither the name '%s' nor what is in it tells its format; give "
                         "--format (csv, jsonl, llama-bench, guidellm, vllm-bench, aiperf)",
                         source);
}
