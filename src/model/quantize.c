#include "model/quantize.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/dlib.h"
#include "base/str.h"
#include "domain/precision.h"
#include "io/file.h"
#include "model/gguf_label.h"
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

static enum err_code find(const char *name, const struct precision **ret, struct err *e)
{
    *ret = precision_find(name);
    if (*ret && (*ret)->file_type != LLAMA_FTYPE_ALL_F32)
        return ERR_OK;
    const char *const why = precision_refused(name);
    if (why)
        return err_set(e, ERR_UNSUPPORTED, "%s %s", name, why);
    const char *const near = precision_nearest(name);
    if (near && !*ret)
        return err_set(e, ERR_UNSUPPORTED, "no precision '%s'; did you mean '%s'?", name, near);
    return err_set(e, ERR_UNSUPPORTED, "llama.cpp's quantiser makes no '%s'; it makes %s", name,
                   "fp16, bf16, int8 (= q8_0), int4 (= q4_0), and q8_0 to q2_k by their names");
}

bool quantize_knows(const char *precision)
{
    const struct precision *p = nullptr;
    struct err ignored = {};
    return !find(precision, &p, &ignored);
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
    p.allow_requantize = false; /* once rounded, rounded again is not what the label says */
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

static enum err_code run_child(const char *in, const char *out, const struct precision *row,
                               struct err *e)
{
    CLEANUP(str_done) struct str said = {};
    int pipe = -1;
    const pid_t child = start(in, out, (enum llama_ftype)row->file_type, &pipe);
    if (child < 0)
        return err_sys(e, "cannot start the quantiser");
    const int status = listen_to(child, pipe, &said);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_LIBRARY)
        return err_set(e, ERR_UNAVAILABLE,
                       "%s needs llama.cpp's quantiser: install libllama, or name it in "
                       "$CHIMERA_LLAMA: %.300s",
                       row->name, str_text(&said));
    if (WIFSIGNALED(status))
        return err_set(e, ERR_BACKEND, "llama.cpp's quantiser died of signal %d: %.300s",
                       WTERMSIG(status), reason_in(&said));
    return err_set(e, ERR_BACKEND, "llama.cpp's quantiser: %.300s", reason_in(&said));
}

static enum err_code count(const char *path, const struct precision *row, struct arena *a,
                           struct export_report *r, struct err *e)
{
    struct gguf_read g = {};
    struct export_report counted = {.path = r->path};
    char reason[200];
    struct stat st;
    if (gguf_read(path, a, &g, e))
        return e->code;
    if (!gguf_label_holds(&g, row->name, reason, sizeof reason))
        return err_set(e, ERR_UNSUPPORTED,
                       "this model cannot be stored as %s: blocks of %s do not divide the rows of "
                       "its matrices, and llama.cpp takes other types (%s)",
                       row->name, row->gguf, reason);
    for (uint32_t i = 0; i < g.n_types && i < EXPORT_REPORT_SHARES; i++)
        export_report_add(&counted, g.types[i].name, g.types[i].elements, g.types[i].bytes,
                          g.types[i].layers + g.types[i].head);
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
    const struct precision *row = nullptr;
    if (find(precision, &row, e))
        return e->code;
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
