#include "backend/onnx_proof.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t MEMORY_LIMIT = (size_t)1 << 30;
constexpr int REPLIES = 3; /* the worker's pipe to the lab is no business of the child's */

/* ---- reading a profile ---- */

static bool in(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* Kernels that multiply by a matrix. Names of ONNX and of ONNX Runtime's own domain. */
static bool multiplies(const char *op)
{
    static const char *const ops[] = {
        "MatMul",        "FusedMatMul",          "Gemm",          "FusedGemm",
        "MatMulInteger", "MatMulIntegerToFloat", "QLinearMatMul", "DynamicQuantizeMatMul",
        "QGemm",         "MatMulNBits"};
    return in(op, ops, COUNT_OF(ops));
}

static bool in_integers(const char *op)
{
    static const char *const ops[] = {"MatMulInteger", "MatMulIntegerToFloat", "QLinearMatMul",
                                      "DynamicQuantizeMatMul", "QGemm"};
    return in(op, ops, COUNT_OF(ops));
}

static enum onnx_shares_product arithmetic(const char *op, const char *type,
                                           const struct onnx_shares *s)
{
    if (strcmp(op, "MatMulNBits") == 0)
        return onnx_shares_blocks(s->block_bits, s->block_accuracy);
    if (in_integers(op))
        return ONNX_SHARES_IN_INT8;
    return strcmp(type, "f32") == 0    ? ONNX_SHARES_IN_F32
           : strcmp(type, "f16") == 0  ? ONNX_SHARES_IN_F16
           : strcmp(type, "bf16") == 0 ? ONNX_SHARES_IN_BF16
                                       : ONNX_SHARES_IN_OTHER;
}

static const char *short_type(const char *type)
{
    static const struct {
        const char *theirs, *ours;
    } names[] = {{"float", "f32"}, {"float16", "f16"}, {"bfloat16", "bf16"}, {"double", "f64"}};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i].theirs, type) == 0)
            return names[i].ours;
    return type;
}

/* The first value of [{"float":[1,256]}, ...]. */
static const struct json *first_value(const struct json *list, const char **ret_type)
{
    const struct json *const one = json_at(list, 0);
    struct json_iter it = json_iter(one);
    const char *type = "-";
    const struct json *const shape = one ? json_next(&it, &type) : nullptr;
    *ret_type = short_type(type);
    return shape;
}

static double elements(const struct json *shape)
{
    double n = 1;
    for (size_t i = 0; i < json_len(shape); i++)
        n *= json_f64(json_at(shape, i), 0);
    return n;
}

static void count(struct proof *p, const char *op, const char *type, const char *provider)
{
    size_t i = 0;
    while (i < p->n_nodes &&
           (strcmp(p->nodes[i].op, op) != 0 || strcmp(p->nodes[i].type, type) != 0 ||
            strcmp(p->nodes[i].provider, provider) != 0))
        i++;
    if (i == ONNX_PROOF_NODES)
        return;
    if (i == p->n_nodes) {
        struct onnx_proof_node *const n = &p->nodes[p->n_nodes++];
        (void)snprintf(n->op, sizeof n->op, "%s", op);
        (void)snprintf(n->type, sizeof n->type, "%s", type);
        (void)snprintf(n->provider, sizeof n->provider, "%s", provider);
    }
    p->nodes[i].n++;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* A product by weights takes activations of two or three dimensions; attention's have four. Each
 * result costs as many multiply-adds as the activations' last dimension. */
static void read_event(const struct json *event, struct proof *p)
{
    const struct json *const args = json_get(event, "args");
    const char *const op = json_str(json_get(args, "op_name"), nullptr);
    if (!op || strcmp(json_str(json_get(event, "cat"), ""), "Node") != 0 ||
        !ends_with(json_str(json_get(event, "name"), ""), "_kernel_time"))
        return;
    const char *type, *unused;
    const struct json *const x = first_value(json_get(args, "input_type_shape"), &type);
    const struct json *const y = first_value(json_get(args, "output_type_shape"), &unused);
    count(p, op, type, json_str(json_get(args, "provider"), "-"));
    const size_t rank = json_len(x);
    if (multiplies(op) && rank >= 1 && rank <= 3)
        p->ran[arithmetic(op, type, &p->file)] += elements(y) * json_f64(json_at(x, rank - 1), 0);
}

enum err_code onnx_proof_read(const char *path, struct proof *p, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY_LIMIT);
    const struct json *root = nullptr;
    if (json_read_file(path, a, &root, e))
        return e->code;
    struct json_iter it = json_iter(root);
    for (const struct json *event; (event = json_next(&it, nullptr));)
        read_event(event, p);
    if (p->n_nodes == 0)
        return err_set(e, ERR_PARSE, "%s: no node ran", path);
    return ERR_OK;
}

/* ---- making one ---- */

static void remove_folder(const char *path, struct arena *a)
{
    DIR *const d = opendir(path);
    for (const struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.')
            (void)unlink(file_join(a, path, entry->d_name));
    if (d)
        (void)closedir(d);
    (void)rmdir(path);
}

/* The runtime adds the time to the name that it is given. */
static const char *only_file(const char *path, struct arena *a)
{
    DIR *const d = opendir(path);
    const char *found = nullptr;
    for (const struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.')
            found = file_join(a, path, entry->d_name);
    if (d)
        (void)closedir(d);
    return found;
}

static void child(enum err_code (*run)(const void *, const char *, struct err *),
                  const void *context, const char *prefix, pid_t parent, int words)
{
    struct err e = {};
    (void)close(REPLIES);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    if (!run(context, prefix, &e))
        _exit(0);
    (void)!write(words, e.msg, strlen(e.msg));
    _exit(1);
}

static int listen_to(pid_t pid, int words, char *said, size_t room)
{
    size_t n = 0;
    for (ssize_t got; n + 1 < room && (got = read(words, said + n, room - n - 1)) != 0;) {
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    said[n] = '\0';
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* nullptr: it ran. */
static const char *fork_and_run(enum err_code (*run)(const void *, const char *, struct err *),
                                const void *context, const char *prefix, struct arena *a)
{
    int ends[2];
    char said[300] = "";
    if (pipe2(ends, O_CLOEXEC) != 0)
        return arena_printf(a, "no pipe: %s", strerror(errno));
    const pid_t parent = getpid();
    (void)fflush(nullptr);
    const pid_t pid = fork();
    if (pid == 0)
        child(run, context, prefix, parent, ends[1]);
    (void)close(ends[1]);
    const int status = pid < 0 ? -1 : listen_to(pid, ends[0], said, sizeof said);
    (void)close(ends[0]);
    if (pid < 0)
        return arena_printf(a, "no process for it: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return arena_printf(a, "profiling one forward died of signal %d", WTERMSIG(status));
    return status == 0 ? nullptr : arena_strdup(a, *said ? said : "profiling one forward failed");
}

static const char *profile(enum err_code (*run)(const void *, const char *, struct err *),
                           const void *context, struct arena *a, struct proof *p)
{
    const char *const tmp = getenv("TMPDIR");
    char *const folder = arena_printf(a, "%s/chimera-proof.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    struct err e = {};
    if (!mkdtemp(folder))
        return arena_printf(a, "no folder '%s': %s", folder, strerror(errno));
    const char *why = fork_and_run(run, context, file_join(a, folder, "profile"), a);
    const char *const made = why ? nullptr : only_file(folder, a);
    if (!why && !made)
        why = "ONNX Runtime wrote no profile";
    if (made && onnx_proof_read(made, p, &e))
        why = arena_strdup(a, e.msg);
    remove_folder(folder, a);
    return why;
}

void onnx_proof_take(const char *graph,
                     enum err_code (*run)(const void *context, const char *prefix, struct err *e),
                     const void *context, struct arena *a, struct proof *ret)
{
    struct err e = {};
    *ret = (struct proof){};
    if (onnx_shares_read(graph, &ret->file, &e))
        ret->file_reason = ret->ran_reason = arena_strdup(a, e.msg);
    else
        ret->ran_reason = profile(run, context, a, ret);
}

static const double *products(const struct proof *p)
{
    return p->ran_reason ? p->file.products : p->ran;
}

void onnx_proof_check(const struct proof *p, const char *precision, char *reason, size_t room)
{
    char why[220] = "no proof was taken";
    if (p && p->file_reason)
        (void)snprintf(why, sizeof why, "%s", p->file_reason);
    else if (p)
        onnx_shares_check(&p->file, products(p), precision, why, sizeof why);
    (void)snprintf(reason, room, "%s%s", *why ? "precision-mismatch: " : "", why);
}

void onnx_proof_write(const struct proof *p, struct jsonw *w)
{
    onnx_shares_write(&p->file, products(p), w);
    jsonw_kstr(w, "matmul_from", p->ran_reason ? "the file" : "the nodes that ran for one token");
    jsonw_key(w, "ran_nodes");
    if (p->ran_reason) {
        jsonw_null(w);
        jsonw_kstr(w, "ran_nodes_reason", p->ran_reason);
        return;
    }
    jsonw_array(w);
    for (size_t i = 0; i < p->n_nodes; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "op", p->nodes[i].op);
        jsonw_kstr(w, "type", p->nodes[i].type);
        jsonw_kstr(w, "provider", p->nodes[i].provider);
        jsonw_ki64(w, "nodes", p->nodes[i].n);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}
