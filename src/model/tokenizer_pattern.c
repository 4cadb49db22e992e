#include "model/tokenizer_pattern.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/unicode_class.h"

#include <oniguruma.h>
#include <string.h>
#include <utf8proc.h>

constexpr size_t MOST_PATTERN = 8192; /* bytes; the longest of a known family has 300 */
/* Tries of one match, as Oniguruma has it by itself, and of one search: some tenths of a second. */
constexpr unsigned long MOST_TRIES = 10'000'000;
constexpr unsigned long MOST_SEARCH = 40'000'000;

struct tokenizer_regex {
    OnigRegex compiled;
    OnigRegion *region;
    OnigMatchParam *limits;
};

enum err_code tokenizer_pattern_regex(const char *text, size_t n, struct arena *a,
                                      struct tokenizer_pattern *ret, struct err *e)
{
    if (n > MOST_PATTERN)
        return err_set(e, ERR_LIMIT, "a pattern of %zu bytes is longer than %zu", n, MOST_PATTERN);
    struct tokenizer_regex *const r = ARENA_ARRAY(a, struct tokenizer_regex, 1);
    OnigEncoding utf8[] = {ONIG_ENCODING_UTF8};
    OnigErrorInfo info = {};
    const OnigUChar *const pattern = (const OnigUChar *)text;
    int code = onig_initialize(utf8, 1);
    if (code == ONIG_NORMAL)
        code = onig_new(&r->compiled, pattern, pattern + n, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8,
                        OnigDefaultSyntax, &info);
    if (code != ONIG_NORMAL) {
        OnigUChar why[ONIG_MAX_ERROR_MESSAGE_LEN] = {};
        (void)onig_error_code_to_str(why, code, &info);
        return err_set(e, ERR_PARSE, "'%.200s' is no regular expression of Oniguruma: %s", text,
                       (const char *)why);
    }
    *ret = (struct tokenizer_pattern){PATTERN_REGEX, text, n, r};
    r->region = onig_region_new();
    r->limits = onig_new_match_param();
    if (!r->region || !r->limits) {
        tokenizer_pattern_done(ret);
        return err_set(e, ERR_LIMIT, "no memory for the pattern '%.200s'", text);
    }
    (void)onig_initialize_match_param(r->limits);
    (void)onig_set_retry_limit_in_match_of_match_param(r->limits, MOST_TRIES);
    (void)onig_set_retry_limit_in_search_of_match_param(r->limits, MOST_SEARCH);
    return ERR_OK;
}

void tokenizer_pattern_done(struct tokenizer_pattern *p)
{
    struct tokenizer_regex *const r = p->regex;
    if (!r)
        return;
    onig_free(r->compiled);
    if (r->region)
        onig_region_free(r->region, 1);
    if (r->limits)
        onig_free_match_param(r->limits);
    p->regex = nullptr;
}

/* 's 't 're 've 'm 'll 'd, in lower case only, as GPT-2 has them; 0: none of them. */
static size_t contraction(const char *text, size_t n)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        const size_t length = strlen(endings[i]);
        if (length < n && memcmp(text + 1, endings[i], length) == 0)
            return 1 + length;
    }
    return 0;
}

/* Bytes of the characters of one class from `at` on. */
static size_t run_end(const char *text, size_t n, size_t at, enum unicode_class class)
{
    size_t length;
    for (; at < n; at += length)
        if (unicode_class(unicode_class_decode(text + at, n - at, &length)) != class)
            break;
    return at;
}

/* The length of the first word of text[0..n), n > 0, which is UTF-8. GPT-2's regular expression,
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * by hand. The first alternative that matches wins, so a run of spaces before a word leaves its
 * last character over: a space goes with the word, another white space is a word of its own.
 */
static size_t word_length(const char *text, size_t n)
{
    size_t length;
    const size_t contracted = text[0] == '\'' ? contraction(text, n) : 0;
    if (contracted)
        return contracted;
    const size_t begin = text[0] == ' ' && n > 1;
    const enum unicode_class class =
        unicode_class(unicode_class_decode(text + begin, n - begin, &length));
    if (class != UNICODE_SPACE)
        return run_end(text, n, begin, class);
    size_t end = 0, last = 0;
    while (end < n &&
           unicode_class(unicode_class_decode(text + end, n - end, &length)) == UNICODE_SPACE) {
        last = end;
        end += length;
    }
    return end == n || last == 0 ? end : last;
}

static bool is_number(uint32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9';
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL ||
           category == UTF8PROC_CATEGORY_NO;
}

static bool find_character(const struct tokenizer_pattern *p, struct tokenizer_pattern_walk *w)
{
    for (size_t i = w->at, length; i < w->n; i += length) {
        const uint32_t c = unicode_class_decode(w->text + i, w->n - i, &length);
        if (p->kind == PATTERN_NUMBER ? is_number(c) : unicode_class(c) == UNICODE_SPACE) {
            w->begin_next = i;
            w->end_next = i + length;
            return true;
        }
    }
    return false;
}

static bool find_text(const struct tokenizer_pattern *p, struct tokenizer_pattern_walk *w)
{
    const char *const found = memmem(w->text + w->at, w->n - w->at, p->text, p->n);
    if (!found)
        return false;
    w->begin_next = (size_t)(found - w->text);
    w->end_next = w->begin_next + p->n;
    return true;
}

static enum err_code find_regex(const struct tokenizer_pattern *p, struct tokenizer_pattern_walk *w,
                                bool *ret, struct err *e)
{
    const OnigUChar *const text = (const OnigUChar *)w->text, *const end = text + w->n;
    struct tokenizer_regex *const r = p->regex;
    *ret = false;
    while (w->at <= w->n) {
        onig_region_clear(r->region);
        const int code = onig_search_with_param(r->compiled, text, end, text + w->at, end,
                                                r->region, ONIG_OPTION_NONE, r->limits);
        if (code == ONIG_MISMATCH)
            return ERR_OK;
        if (code < 0) {
            OnigUChar why[ONIG_MAX_ERROR_MESSAGE_LEN] = {};
            (void)onig_error_code_to_str(why, code);
            return err_set(e, ERR_LIMIT, "the pattern '%.200s' gave up at byte %zu: %s", p->text,
                           w->at, (const char *)why);
        }
        w->begin_next = (size_t)r->region->beg[0];
        w->end_next = (size_t)r->region->end[0];
        *ret = true;
        if (w->end_next > w->begin_next || !w->any_match || w->match_end != w->end_next)
            return ERR_OK;
        *ret = false; /* an empty match at the end of the one before is none */
        size_t length = 1;
        if (w->at < w->n)
            (void)unicode_class_decode(w->text + w->at, w->n - w->at, &length);
        w->at += length;
    }
    return ERR_OK;
}

static enum err_code find(const struct tokenizer_pattern *p, struct tokenizer_pattern_walk *w,
                          bool *ret, struct err *e)
{
    *ret = false;
    switch (p->kind) {
    case PATTERN_REGEX:
        return find_regex(p, w, ret, e);
    case PATTERN_TEXT:
        *ret = find_text(p, w);
        break;
    case PATTERN_GPT2:
        *ret = w->at < w->n;
        w->begin_next = w->at;
        w->end_next = *ret ? w->at + word_length(w->text + w->at, w->n - w->at) : w->at;
        break;
    case PATTERN_SPACE:
    case PATTERN_NUMBER:
        *ret = find_character(p, w);
        break;
    }
    return ERR_OK;
}

struct tokenizer_pattern_walk tokenizer_pattern_begin(const char *text, size_t n)
{
    return (struct tokenizer_pattern_walk){.text = text, .n = n};
}

enum err_code tokenizer_pattern_next(const struct tokenizer_pattern *p,
                                     struct tokenizer_pattern_walk *w,
                                     struct tokenizer_pattern_part *ret, bool *ret_more,
                                     struct err *e)
{
    if (!w->is_pending && !w->at_end) {
        if (find(p, w, &w->is_pending, e))
            return e->code;
        w->at_end = !w->is_pending;
    }
    const size_t begin = w->end, stop = w->is_pending ? w->begin_next : w->n;
    *ret_more = true;
    if (begin != stop) { /* what no match has taken */
        *ret = (struct tokenizer_pattern_part){begin, stop, false};
        w->end = stop;
    } else if (w->is_pending) {
        *ret = (struct tokenizer_pattern_part){w->begin_next, w->end_next, true};
        w->at = w->match_end = w->end = w->end_next;
        w->any_match = true;
        w->is_pending = false;
    } else {
        *ret_more = false;
    }
    return ERR_OK;
}
