/* want: what Hugging Face's `tokenizers` library gives (tests/oracle/tokenizer_cases.py); committed
 * for version 0.23.1 in tests/golden/tokenizer/, made anew where python3 has the library.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "model/synth.h"
#include "model/synth_tokenizer.h"
#include "model/tokenizer.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

constexpr size_t MOST_IDS = 1U << 16;

struct tally {
    size_t cases, encode_wrong, decode_wrong, round_trip_wrong;
    char first[400];
};

static void note(struct tally *n, size_t *which, const char *what, const char *line)
{
    if (!n->first[0])
        (void)snprintf(n->first, sizeof n->first, "%.60s: %.300s", what, line);
    ++*which;
}

static bool same_ids(const struct json *want, const int32_t *ids, size_t n)
{
    const struct json *v;
    size_t i = 0;
    for (struct json_iter it = json_iter(want); (v = json_next(&it, nullptr)); i++)
        if (i >= n || json_i64(v, -1) != ids[i])
            return false;
    return i == n;
}

static size_t ids_of(const struct json *list, int32_t *ids)
{
    const struct json *v;
    size_t n = 0;
    for (struct json_iter it = json_iter(list); (v = json_next(&it, nullptr));)
        ids[n++] = (int32_t)json_i64(v, -1);
    return n;
}

static void check_case(struct tokenizer *t, const char *line, size_t bytes, struct tally *n)
{
    static int32_t ids[MOST_IDS];
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    CLEANUP(str_done) struct str out = {};
    struct err e = {};
    const struct json *v = nullptr;
    if (json_parse(line, bytes, "case", a, &v, &e)) {
        note(n, &n->encode_wrong, e.msg, line);
        return;
    }
    const struct json *const text = json_get(v, "text");
    if (!text)
        return; /* the line that names the library */
    n->cases++;
    size_t got = 0;
    if (tokenizer_encode(t, json_str(text, ""), json_len(text), ids, MOST_IDS, &got, &e) ||
        !same_ids(json_get(v, "ids"), ids, got))
        note(n, &n->encode_wrong, "encode", line);
    if (tokenizer_decode(t, ids, got, &out, &e) || out.n != json_len(text) ||
        memcmp(str_text(&out), json_str(text, ""), out.n) != 0)
        note(n, &n->round_trip_wrong, "decode(encode(x)) is not x", line);
    str_clear(&out);
    const struct json *const decoded = json_get(v, "decoded");
    if (tokenizer_decode(t, ids, ids_of(json_get(v, "some_ids"), ids), &out, &e) ||
        out.n != json_len(decoded) || memcmp(str_text(&out), json_str(decoded, ""), out.n) != 0)
        note(n, &n->decode_wrong, "decode", line);
}

static void check_stream(const char *label, struct tokenizer *t, FILE *f, size_t least)
{
    struct tally n = {};
    char *line = nullptr;
    size_t room = 0;
    for (ssize_t bytes; (bytes = getline(&line, &room, f)) > 0;)
        check_case(t, line, (size_t)bytes, &n);
    free(line);
    CHECK(label, n.cases >= least && n.encode_wrong + n.decode_wrong + n.round_trip_wrong == 0,
          "%zu cases, wrong: %zu encode, %zu decode, %zu round trip; first: %s", n.cases,
          n.encode_wrong, n.decode_wrong, n.round_trip_wrong, n.first);
}

static void check_library(struct tokenizer *t, const char *sources, const char *folder)
{
    char command[1024];
    (void)snprintf(command, sizeof command,
                   "python3 -c 'import tokenizers' 2>/dev/null && python3 "
                   "'%s/oracle/tokenizer_cases.py' '%s' 20000 7",
                   sources, folder);
    FILE *const f = popen(command, "r");
    const int c = f ? fgetc(f) : EOF;
    if (c == EOF) {
        printf("ok %d - 20,000 random texts as the library # SKIP python3 has no tokenizers\n",
               ++test_count);
    } else {
        (void)ungetc(c, f);
        check_stream("20,000 random texts as the library", t, f, 20'000);
    }
    if (f)
        (void)pclose(f);
}

static void check_refused(const char *folder, struct arena *a)
{
    static const struct {
        const char *why, *json, *named;
    } rows[] = {
        {"another model", "{\"model\":{\"type\":\"WordPiece\"}}", "WordPiece"},
        {"a normaliser", "{\"model\":{\"type\":\"BPE\"},\"normalizer\":{\"type\":\"Nmt\"}}", "Nmt"},
        {"another pre-tokeniser",
         "{\"model\":{\"type\":\"BPE\"},\"pre_tokenizer\":{\"type\":\"Punctuation\"}}",
         "Punctuation"},
        {"a vocabulary without bytes",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},\"pre_tokenizer\":{"
         "\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
         "\"decoder\":{\"type\":\"ByteLevel\"}}",
         "0x00"},
        {"a merge of unknown tokens",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a "
         "q\"]},\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
         "\"decoder\":{\"type\":\"ByteLevel\"}}",
         "'q'"},
        {"not JSON", "{\"model\":", "not JSON"},
        {"a pattern that is none",
         "{\"model\":{\"type\":\"BPE\"},\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{"
         "\"Regex\":"
         "\"(a\"},\"behavior\":\"Isolated\",\"invert\":false}}",
         "'(a' is no regular expression"},
        {"dropout", "{\"model\":{\"type\":\"BPE\",\"dropout\":0.1}}", "dropout"},
        {"a step after ByteLevel",
         "{\"model\":{\"type\":\"BPE\"},\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":"
         "[{"
         "\"type\":\"ByteLevel\",\"add_prefix_space\":true},{\"type\":\"WhitespaceSplit\"}]}}",
         "after ByteLevel"},
        {"an added token with another id",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},\"added_tokens\":[{"
         "\"id\":7,"
         "\"content\":\"x\"}]}",
         "'x' has the id 7"},
        {"an id beyond belief",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":99999999},\"merges\":[]}}", "more than"},
        {"another post-processor",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},\"post_processor\":{"
         "\"type\":"
         "\"BertProcessing\"}}",
         "BertProcessing"},
        {"another decoder", "{\"model\":{\"type\":\"BPE\"},\"decoder\":{\"type\":\"CTC\"}}", "CTC"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = {};
        struct tokenizer *t = nullptr;
        char *const path = file_join(a, folder, "tokenizer.json");
        enum err_code code = file_write(path, rows[i].json, strlen(rows[i].json), &e);
        if (!code)
            code = tokenizer_read(folder, a, &t, &e);
        CHECK(rows[i].why, code != ERR_OK && !t && strstr(e.msg, rows[i].named), "%d: %s", code,
              e.msg);
    }
}

/* A pattern that tries without end stops with an error. */
static void check_hostile(const char *folder, struct arena *a)
{
    static const char json[] = "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},"
                               "\"pre_tokenizer\":{\"type\":"
                               "\"Split\",\"pattern\":{\"Regex\":\"^(?:a|b|ab)*$\"}"
                               ",\"behavior\":\"Isolated\","
                               "\"invert\":false}}";
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    struct err e = {};
    int32_t ids[512];
    size_t n = 0;
    char text[121] = {};
    memset(text, 'a', 120);
    for (size_t i = 1; i < 120; i += 2)
        text[i] = 'b';
    text[119] = 'x';
    const bool read =
        !file_write(file_join(a, folder, "tokenizer.json"), json, sizeof json - 1, &e) &&
        !tokenizer_read(folder, a, &t, &e);
    const enum err_code code = read ? tokenizer_encode(t, text, 120, ids, 512, &n, &e) : ERR_OK;
    CHECK("a pattern without end is given up",
          read && code == ERR_LIMIT && strstr(e.msg, "gave up"), "%d: %s", code, e.msg);
}

/* The same merges as "a b" in merges.txt, beside vocab.json. */
static void check_old_format(struct tokenizer *t, const char *folder, struct arena *a)
{
    CLEANUP(str_done) struct str vocabulary = {}, merges = {};
    struct err e = {};
    struct jsonw w = {.out = &vocabulary};
    jsonw_object(&w);
    for (int32_t i = 0; (size_t)i < tokenizer_n_tokens(t); i++)
        jsonw_ki64(&w, tokenizer_token(t, i), i);
    jsonw_end_object(&w);
    str_puts(&merges, "#version: 0.2\n");
    for (size_t i = 0; i < tokenizer_n_merges(t); i++) {
        int32_t left, right;
        tokenizer_merge(t, i, &left, &right);
        str_printf(&merges, "%s %s\n", tokenizer_token(t, left), tokenizer_token(t, right));
    }
    CLEANUP(tokenizer_freep) struct tokenizer *old = nullptr;
    (void)unlink(file_join(a, folder, "tokenizer.json"));
    const bool read =
        !file_write(file_join(a, folder, "vocab.json"), vocabulary.text, vocabulary.n, &e) &&
        !file_write(file_join(a, folder, "merges.txt"), merges.text, merges.n, &e) &&
        !tokenizer_read(folder, a, &old, &e);
    static const char text[] = "In the beginning<|endoftext|> God's 42 heavens";
    int32_t x[64], y[64];
    size_t n = 0, m = 1;
    const bool same = read && !tokenizer_encode(t, text, strlen(text), x, 64, &n, &e) &&
                      !tokenizer_encode(old, text, strlen(text), y, 64, &m, &e) && n == m &&
                      memcmp(x, y, n * sizeof *x) == 0;
    CHECK("vocab.json and merges.txt give the same tokens", same, "%zu and %zu tokens; %s", n, m,
          e.msg);
}

int main(void)
{
    const char *const given = getenv("CHIMERA_TESTS"), *const sources = given ? given : "tests";
    char folder[] = "test_tokenizer.XXXXXX";
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 28);
    struct err e = {};
    if (!mkdtemp(folder))
        return 1;
    static const struct {
        uint32_t vocabulary;
        const char *golden;
    } rows[] = {{1000, "vocab1000.jsonl"}, {257, "vocab257.jsonl"}, {50'257, "vocab50257.jsonl"}};
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct synth_spec s = SYNTH_SPEC_DEFAULT;
        s.vocab_size = rows[i].vocabulary;
        tokenizer_freep(&t);
        const enum err_code code =
            synth_tokenizer_write(&s, folder, a, &e) ? e.code : tokenizer_read(folder, a, &t, &e);
        CHECK("a tokenizer that was just made is read", code == ERR_OK, "%s", e.msg);
        FILE *const f =
            fopen(arena_printf(a, "%s/golden/tokenizer/%s", sources, rows[i].golden), "re");
        if (t && f)
            check_stream(rows[i].golden, t, f, 150);
        else
            CHECK(rows[i].golden, false, "not read");
        if (f)
            (void)fclose(f);
    }
    if (t)
        check_library(t, sources, folder);
    int32_t ids[8];
    size_t n = 77;
    enum err_code code = tokenizer_encode(t,
                                          "ab\xff"
                                          "c",
                                          4, ids, 8, &n, &e);
    CHECK("bytes that are no UTF-8 are an error with their place",
          code == ERR_PARSE && n == 77 && strstr(e.msg, "byte 2"), "%s", e.msg);
    code = tokenizer_encode(t, "a b c d e f g h i j", 19, ids, 8, &n, &e);
    CHECK("too little room is an error", code == ERR_LIMIT && n == 77, "%s", e.msg);
    check_old_format(t, folder, a);
    check_refused(folder, a);
    check_hostile(folder, a);
    static const char *const files[] = {"tokenizer.json", "tokenizer_config.json", "vocab.json",
                                        "merges.txt"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        (void)unlink(file_join(a, folder, files[i]));
    (void)rmdir(folder);
    return test_done();
}
