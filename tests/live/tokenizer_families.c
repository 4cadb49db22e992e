/* want: what transformers' AutoTokenizer gives for tokenizers in the shapes of the real families
 * (tests/oracle/tokenizer_families.py, which trains them here). usage: [TEXTS [SEED]], default 2000
 * each */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "model/synth_tokenizer.h"
#include "model/tokenizer.h"
#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t MOST_IDS = 1U << 16;

struct family {
    struct arena *a;
    struct tokenizer *t;
    char name[128], first[600];
    size_t least, cases, encode_wrong, back_wrong, decode_wrong;
};

static void note(struct family *f, size_t *which, const char *what, const char *line)
{
    if (!f->first[0])
        (void)snprintf(f->first, sizeof f->first, "%.100s: %.480s", what, line);
    ++*which;
}

static size_t ids_of(const struct json *list, int32_t *ids)
{
    const struct json *v;
    size_t n = 0;
    for (struct json_iter it = json_iter(list); (v = json_next(&it, nullptr));)
        ids[n++] = (int32_t)json_i64(v, -1);
    return n;
}

static bool decodes_to(struct tokenizer *t, const int32_t *ids, size_t n, const struct json *want)
{
    CLEANUP(str_done) struct str out = {};
    struct err e = {};
    return !tokenizer_decode(t, ids, n, &out, &e) && out.n == json_len(want) &&
           memcmp(str_text(&out), json_str(want, ""), out.n) == 0;
}

static void check_case(struct family *f, const struct json *v, const char *line)
{
    static int32_t got[MOST_IDS], want[MOST_IDS];
    const struct json *const text = json_get(v, "text");
    struct err e = {};
    size_t n = 0;
    f->cases++;
    const size_t m = ids_of(json_get(v, "ids"), want);
    if (tokenizer_encode(f->t, json_str(text, ""), json_len(text), got, MOST_IDS, &n, &e))
        note(f, &f->encode_wrong, e.msg, line);
    else if (n != m || memcmp(got, want, n * sizeof *got) != 0)
        note(f, &f->encode_wrong, "encode", line);
    if (!decodes_to(f->t, want, m, json_get(v, "back")))
        note(f, &f->back_wrong, "decode(encode(x))", line);
    if (!decodes_to(f->t, got, ids_of(json_get(v, "some_ids"), got), json_get(v, "decoded")))
        note(f, &f->decode_wrong, "decode", line);
}

static void end_family(struct family *f, size_t least)
{
    if (f->t)
        CHECK(f->name,
              f->cases >= (f->least ? f->least : least) &&
                  f->encode_wrong + f->back_wrong + f->decode_wrong == 0,
              "%zu texts, wrong: %zu encode, %zu decode of it, %zu decode; first: %s", f->cases,
              f->encode_wrong, f->back_wrong, f->decode_wrong, f->first);
    tokenizer_freep(&f->t);
    arena_freep(&f->a);
    *f = (struct family){};
}

static void begin_family(struct family *f, const struct json *v)
{
    struct err e = {};
    const char *const folder = json_str(json_get(v, "folder"), "");
    f->a = arena_new(1U << 28);
    f->least = (size_t)json_i64(json_get(v, "least"), 0);
    (void)snprintf(f->name, sizeof f->name, "%.40s as %.20s", file_name_of(folder),
                   json_str(json_get(v, "class"), ""));
    const enum err_code code = tokenizer_read(folder, f->a, &f->t, &e);
    CHECK(f->name, code == ERR_OK, "%s", e.msg);
}

static void check_line(struct family *f, const char *line, size_t n, size_t least)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    const struct json *v = nullptr;
    struct err e = {};
    if (json_parse(line, n, "case", a, &v, &e)) {
        CHECK("a line of the oracle", false, "%s", e.msg);
    } else if (json_get(v, "folder")) {
        end_family(f, least);
        begin_family(f, v);
    } else if (f->t) {
        check_case(f, v, line);
    }
}

/* The synth models' tokenizers, each with the smallest vocabulary and a larger one. */
static void write_synth(const char *folder, struct arena *a)
{
    for (enum synth_family family = 0; family < SYNTH_FAMILIES; family++) {
        const uint32_t sizes[] = {synth_tokenizer_least(family), 1000, 60'000};
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            struct synth_spec s = SYNTH_SPEC_DEFAULT;
            struct err e = {};
            s.family = family;
            s.vocab_size = sizes[i];
            const char *const type = synth_spec_model_type(&s);
            const char *const into = arena_printf(a, "%s/synth-%u-%s", folder, sizes[i], type);
            const char *const config = arena_printf(a, "{\"model_type\": \"%s\"}", type);
            const bool good =
                !file_make_folders(into, &e) && !synth_tokenizer_write(&s, into, a, &e) &&
                !file_write(file_join(a, into, "config.json"), config, strlen(config), &e);
            CHECK(into, good, "%s", e.msg);
        }
    }
}

int main(int argc, char **argv)
{
    const char *const given = getenv("CHIMERA_TESTS"), *const sources = given ? given : "tests";
    const char *const count = argc > 1 ? argv[1] : "2000", *const seed = argc > 2 ? argv[2] : "7";
    char folder[] = "test_families.XXXXXX", command[1024];
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 29);
    if (!mkdtemp(folder))
        return 1;
    write_synth(folder, a);
    (void)snprintf(command, sizeof command,
                   "python3 -c 'import transformers, tokenizers' 2>/dev/null && python3 "
                   "'%s/oracle/tokenizer_families.py' '%s' %s %s 2>'%s/log'",
                   sources, folder, count, seed, folder);
    FILE *const stream = popen(command, "r");
    struct family f = {};
    char *line = nullptr;
    size_t room = 0, lines = 0;
    const size_t least = strtoul(count, nullptr, 10);
    for (ssize_t n; stream && (n = getline(&line, &room, stream)) > 0; lines++)
        check_line(&f, line, (size_t)n, least);
    end_family(&f, least);
    free(line);
    const int status = stream ? pclose(stream) : -1;
    if (lines == 0)
        printf("ok %d - the families as transformers has them # SKIP python3 has no transformers\n",
               ++test_count);
    else
        CHECK("the oracle went through", status == 0, "status %d; its words are in %s/log", status,
              folder);
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    if (status == 0 || lines == 0)
        (void)!system(command);
    return test_done();
}
