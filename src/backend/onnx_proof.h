/* onnx_proof.h - what ONNX Runtime made of a graph: its own profile of one forward.
 *
 * A runtime fuses, casts and moves nodes as it likes while it loads a graph, so that the file says
 * what was asked for and not what runs: half precision on a CPU, for one, becomes Cast and float.
 * One forward of one token is run with the profiler on, in a child process, before anything is
 * timed: each node that ran is there with its kind, its types and its provider. The child is
 * forked before the library is opened and dies before the session proper is made, so that it
 * changes neither the load time nor the memory of what is measured.
 */
#pragma once

#include "base/err.h"

#include "backend/onnx_shares.h"

struct arena;
struct jsonw;

constexpr size_t ONNX_PROOF_NODES = 96;

struct onnx_proof_node { /* kernels that ran, of one kind, type and provider */
    char op[40], type[12], provider[40];
    uint32_t n;
};

struct proof { /* what engine.h calls so: of this engine */
    struct onnx_shares file;
    const char *file_reason; /* nullptr: the file was read; else why not */
    const char *ran_reason;  /* nullptr: the nodes that ran are known; else why not */
    struct onnx_proof_node nodes[ONNX_PROOF_NODES];
    size_t n_nodes;
    double ran[ONNX_SHARES_PRODUCTS]; /* multiply-adds by weights for the token */
};

/* graph: model.onnx. run: opens a session whose profile begins with prefix, does one forward of one
 * token, and ends the profile; called in the child, whose memory is its own. A failure of any kind
 * is the proof's reason, never an error. */
void onnx_proof_take(const char *graph,
                     enum err_code (*run)(const void *context, const char *prefix, struct err *e),
                     const void *context, struct arena *a, struct proof *ret);
/* The nodes of a profile; p->file is read already. For the tests too. */
[[nodiscard]] enum err_code onnx_proof_read(const char *path, struct proof *p, struct err *e);
/* Writes why the label is not true, beginning with "precision-mismatch: ", or "". Judged by what
 * ran; by the file where that is not known. p may be nullptr. */
void onnx_proof_check(const struct proof *p, const char *precision, char *reason, size_t room);
/* Keys of an open object: those of onnx_shares_write; matmul_from; ran_nodes: kernels by kind, type
 * and provider, null with ran_nodes_reason where that is not known. */
void onnx_proof_write(const struct proof *p, struct jsonw *w);
