#include "base/arena.h"
#include "io/json.h"
#include "lab/cell_todo.h"
#include "lab/sample_reply.h"
#include "test.h"

/* A log in short: each line is "invocation segment phase repetition agent seq status", phase c w m,
 * status o (ok), d (degraded), x (crashed). want: measured requests that are done, of 2 repetitions
 * of 3; by hand. */
static const struct {
    const char *why, *log;
    uint32_t agents, done, next_cold, next_warmup;
    bool complete;
} rows[] = {
    {"nothing there", "", 1, 0, 0, 0, false},
    {"cold and warm-ups are passes", "00c000o 00w000o 00w001o 00w100o", 1, 0, 1, 2, false},
    {"measured ones are done", "00m000o 00m001d", 1, 2, 0, 0, false},
    {"a failed one is not", "00m000x", 1, 0, 0, 0, false},
    {"another invocation's are not", "10m000o", 1, 0, 0, 0, false},
    {"a later segment continues", "00m000o 01c000o 01m001o", 1, 2, 1, 0, false},
    {"all of it", "00m000o 00m001o 00m002o 00m100o 00m101o 00m102o", 1, 6, 0, 0, true},
    {"beyond what is asked is ignored", "00m900o 00m009o", 1, 0, 0, 0, false},
    {"one agent of two is not done", "00m000o", 2, 0, 0, 0, false},
    {"both are", "00m000o 00m010o", 2, 1, 0, 0, false},
};

static size_t parse(const char *log, struct sample_log_entry *out)
{
    size_t n = 0;
    for (const char *p = log; *p; p += p[7] ? 8 : 7)
        out[n++] = (struct sample_log_entry){
            .invocation = (uint32_t)(p[0] - '0'),
            .segment = (uint32_t)(p[1] - '0'),
            .phase = p[2] == 'c'   ? PHASE_COLD
                     : p[2] == 'w' ? PHASE_WARMUP
                                   : PHASE_MEASURED,
            .repetition = (uint32_t)(p[3] - '0'),
            .agent = (uint32_t)(p[4] - '0'),
            .seq = (uint32_t)(p[5] - '0'),
            .status = p[6] == 'o'   ? STATUS_OK
                      : p[6] == 'd' ? STATUS_DEGRADED
                                    : STATUS_CRASHED,
        };
    return n;
}

static void try_rows(struct arena *a)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sample_log_entry lines[16];
        const size_t n = parse(rows[i].log, lines);
        struct cell_todo t = {.repetitions = 2, .requests = 3, .agents = rows[i].agents};
        cell_todo_read(&t, lines, n, 0, a);
        uint32_t done = 0;
        for (uint32_t r = 0; r < 2; r++)
            for (uint32_t s = 0; s < 3; s++)
                done += cell_todo_is_done(&t, r, s);
        CHECK(rows[i].why,
              done == rows[i].done && t.next_pass[PHASE_COLD] == rows[i].next_cold &&
                  t.next_pass[PHASE_WARMUP] == rows[i].next_warmup &&
                  cell_todo_is_complete(&t) == rows[i].complete,
              "done %u cold %u warmup %u", done, t.next_pass[PHASE_COLD],
              t.next_pass[PHASE_WARMUP]);
    }
}

/* Two segments of one period: 40 ms and 70 ms of the 100 that were asked for. */
static void try_stress(struct arena *a)
{
    const struct sample_log_entry lines[] = {
        {.phase = PHASE_MEASURED, .seq = 0, .submitted = 1'000'000, .finished = 20'000'000},
        {.phase = PHASE_MEASURED, .seq = 1, .submitted = 21'000'000, .finished = 41'000'000},
        {.phase = PHASE_COLD, .segment = 1, .submitted = 500'000'000, .finished = 520'000'000},
        {.phase = PHASE_MEASURED,
         .segment = 1,
         .seq = 2,
         .submitted = 600'000'000,
         .finished = 670'000'000},
    };
    struct cell_todo t = {.repetitions = 1, .agents = 1, .duration = 100'000'000};
    cell_todo_read(&t, lines, 3, 0, a);
    CHECK("half a period is not over", t.spent[0] == 40'000'000 && !cell_todo_is_complete(&t),
          "%ld", (long)t.spent[0]);
    CHECK("its requests go on counting", t.next_seq[0] == 2, "%u", t.next_seq[0]);
    cell_todo_read(&t, lines, 4, 0, a);
    CHECK("both segments make a whole one", t.spent[0] == 110'000'000 && cell_todo_is_complete(&t),
          "%ld", (long)t.spent[0]);
}

#define REPLY(submitted, first, steps, finished, prompts, generated, ids)                          \
    "{\"id\":7,\"submitted\":" submitted ",\"tokenized\":110,\"first_token\":" first               \
    ",\"token_ns\":[" steps "],\"finished\":" finished                                             \
    ",\"detokenized\":150,\"prefill_ns\":[110,115],\"prompt_tokens\":[" prompts                    \
    "],\"generated_tokens\":[" generated "],\"padding_tokens\":0,\"stop\":[\"length\"],"           \
    "\"output_ids\":[" ids "],\"outputs\":[\"x\"],\"cpu_ns\":5,\"peak_rss_bytes\":9}"

/* Sent at 90, received at 200, one prompt, at most 2 tokens. */
static const struct {
    const char *why, *reply;
    bool good;
} replies[] = {
    {"a good one", REPLY("100", "120", "120,140", "140", "3", "2", "[4,5]"), true},
    {"submitted before it was sent", REPLY("80", "120", "120,140", "140", "3", "2", "[4,5]"),
     false},
    {"first token before tokenized", REPLY("100", "105", "105,140", "140", "3", "2", "[4,5]"),
     false},
    {"finished after it was received", REPLY("100", "120", "120,300", "300", "3", "2", "[4,5]"),
     false},
    {"last step is not finished", REPLY("100", "120", "120,130", "140", "3", "2", "[4,5]"), false},
    {"first step is not the first token", REPLY("100", "120", "121,140", "140", "3", "2", "[4,5]"),
     false},
    {"no step", REPLY("100", "120", "", "140", "3", "2", "[4,5]"), false},
    {"more tokens than were allowed", REPLY("100", "120", "120,140", "140", "3", "3", "[4,5,6]"),
     false},
    {"fewer ids than tokens", REPLY("100", "120", "120,140", "140", "3", "2", "[4]"), false},
    {"counts for two prompts", REPLY("100", "120", "120,140", "140", "3,3", "2", "[4,5]"), false},
    {"another request's", "{\"id\":6}", false},
    {"nothing in it", "{\"id\":7}", false},
};

static void try_replies(struct arena *a)
{
    const struct sample_reply_frame frame = {7, 1, 2, 90, 200};
    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        struct err e = {};
        const struct json *v = nullptr;
        struct sample_log_record r = {.status = STATUS_SKIPPED, .submitted = -5};
        if (json_parse(replies[i].reply, strlen(replies[i].reply), "reply", a, &v, &e))
            printf("# %s\n", e.msg);
        const bool good = sample_reply_read(v, &frame, &r, &e) == ERR_OK;
        CHECK(replies[i].why, good == replies[i].good, "%s", e.msg);
        CHECK(replies[i].why,
              good ? r.status == STATUS_OK && r.generated_tokens == 2
                   : r.status == STATUS_SKIPPED && r.submitted == -5,
              "the record was touched");
    }
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    try_rows(a);
    try_stress(a);
    try_replies(a);
    return test_done();
}
