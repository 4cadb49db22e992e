#include "model/quantize.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/dlib.h"
#include "base/str.h"
#include "io/file.h"
#include "model/gguf_read.h"

#include <errno.h>
#include <fcntl.h>
#include <llama.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr int EXIT_NO_LIBRARY = 3;
constexpr int EXIT_FAILED = 4;

static const struct row {
    const char *precision;
    enum llama_ftype ftype;
    const char *dtype; /* that most weights must have afterwards */
} rows[] = {
    {"int8", LLAMA_FTYPE_MOSTLY_Q8_0, "Q8_0"},     {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0, "Q8_0"},
    {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0, "Q4_0"},     {"q4_1", LLAMA_FTYPE_MOSTLY_Q4_1, "Q4_1"},
    {"q5_0", LLAMA_FTYPE_MOSTLY_Q5_0, "Q5_0"},     {"q5_1", LLAMA_FTYPE_MOSTLY_Q5_1, "Q5_1"},
    {"q4_k_m", LLAMA_FTYPE_MOSTLY_Q4_K_M, "Q4_K"}, {"q5_k_m", LLAMA_FTYPE_MOSTLY_Q5_K_M, "Q5_K"},
    {"q6_k", LLAMA_FTYPE_MOSTLY_Q6_K, "Q6_K"},
};

static const struct row *find(const char *precision)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].precision, precision) == 0)
            return &rows[i];
    return nullptr;
}

bool quantize_knows(const char *precision)
{
    return find(precision) != nullptr;
}

/* In the child. Its standard error is the parent's pipe. */
static int quantise(const char *in, const char *out, enum llama_ftype ftype)
{
    typeof(llama_model_quantize) *run = nullptr;
    typeof(llama_model_quantize_default_params) *defaults = nullptr;
    const struct dlib_symbol symbols[] = {
        DLIB_SYMBOL(llama_model_quantize, run),
        DLIB_SYMBOL(llama_model_quantize_default_params, defaults),
    };
    const char *const own = getenv("CHIMERA_LLAMA");
    const char *const names[] = {own ? own : "libllama.so.0", own ? nullptr : "libllama.so",
                                 nullptr};
    struct err e = {};
    if (dlib_open(names, symbols, COUNT_OF(symbols), nullptr, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        return EXIT_NO_LIBRARY;
    }
    llama_model_quantize_params p = defaults();
    p.ftype = ftype;
    return run(in, out, &p) == 0 ? 0 : EXIT_FAILED;
}

static pid_t start(const char *in, const char *out, enum llama_ftype ftype, int *ret_pipe)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    const pid_t parent = getpid();
    (void)fflush(nullptr); /* or the child could write what is still in our buffers again */
    const pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
            dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
            _exit(EXIT_FAILED);
        _exit(quantise(in, out, ftype));
    }
    (void)close(ends[1]);
    if (child < 0)
        (void)close(ends[0]);
    else
        *ret_pipe = ends[0];
    return child;
}

/* The quantiser prints a line per tensor; the reason is its last line that speaks of a failure. */
static const char *reason_in(struct str *said)
{
    static const char *const words[] = {"error", "failed", "GGML_ASSERT", "terminate", "cannot"};
    const char *last = "it said nothing";
    char *rest = said->text, *line;
    while (rest && (line = strsep(&rest, "\n")))
        for (size_t i = 0; i < COUNT_OF(words); i++)
            if (strstr(line, words[i]))
                last = line;
    return last;
}

static int listen_to(pid_t child, int pipe, struct str *said)
{
    char part[4096];
    for (ssize_t n; (n = read(pipe, part, sizeof part)) != 0;) {
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            str_add(said, part, (size_t)n);
    }
    (void)close(pipe);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static enum err_code run_child(const char *in, const char *out, const struct row *row,
                               struct err *e)
{
    CLEANUP(str_done) struct str said = {};
    int pipe = -1;
    const pid_t child = start(in, out, row->ftype, &pipe);
    if (child < 0)
        return err_sys(e, "cannot start the quantiser");
    const int status = listen_to(child, pipe, &said);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_LIBRARY)
        return err_set(e, ERR_UNAVAILABLE,
                       "%s needs llama.cpp's quantiser: install libllama, or name it in "
                       "$CHIMERA_LLAMA: %.300s",
                       row->precision, str_text(&said));
    if (WIFSIGNALED(status))
        return err_set(e, ERR_BACKEND, "llama.cpp's quantiser died of signal %d: %.300s",
                       WTERMSIG(status), reason_in(&said));
    return err_set(e, ERR_BACKEND, "llama.cpp's quantiser: %.300s", reason_in(&said));
}

static enum err_code count(const char *path, const struct row *row, struct arena *a,
                           struct export_report *r, struct err *e)
{
    struct gguf_read g = {};
    struct export_report counted = {.path = r->path};
    int64_t all = 0, blocks = 0, wanted = 0;
    if (gguf_read(path, a, &g, e))
        return e->code;
    for (uint32_t i = 0; i < g.n_types; i++) {
        const char *const name = g.types[i].name;
        if (i < EXPORT_REPORT_SHARES)
            export_report_add(&counted, name, g.types[i].elements, g.types[i].bytes, 0);
        all += g.types[i].elements;
        blocks += strcmp(name, "F32") == 0 || strcmp(name, "F16") == 0 ? 0 : g.types[i].elements;
        wanted += strcmp(name, row->dtype) == 0 ? g.types[i].elements : 0;
    }
    if (wanted == 0 || blocks < all / 2)
        return err_set(e, ERR_UNSUPPORTED,
                       "only %.1f%% of these weights can be stored as %s: its blocks do not divide "
                       "the rows of the others",
                       all ? 100 * (double)wanted / (double)all : 0.0, row->dtype);
    struct stat st;
    if (stat(path, &st) != 0)
        return err_sys(e, "'%s'", path);
    counted.bytes = st.st_size;
    *r = counted;
    return ERR_OK;
}

static enum err_code sync_file(const char *path, struct err *e)
{
    CLEANUP(file_fd_closep) int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return err_sys(e, "cannot write '%s'", path);
    return ERR_OK;
}

enum err_code quantize_gguf(const char *in, const char *out, const char *precision, struct arena *a,
                            struct export_report *r, struct err *e)
{
    const struct row *const row = find(precision);
    if (!row)
        return err_set(e, ERR_UNSUPPORTED, "llama.cpp has no type '%s' here", precision);
    char *const beside = arena_printf(a, "%s.XXXXXX", out);
    const int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "cannot write '%s'", out);
    (void)fchmod(fd, 0644);
    (void)close(fd);
    if (run_child(in, beside, row, e) || count(beside, row, a, r, e) || sync_file(beside, e)) {
        (void)unlink(beside);
        return e->code;
    }
    if (rename(beside, out) != 0) {
        const enum err_code code = err_sys(e, "cannot write '%s'", out);
        (void)unlink(beside);
        return code;
    }
    return ERR_OK;
}
