#include "lab/experiment_keys.h"

#include "base/defs.h"
#include "domain/experiment.h"

#define FIELD(field, W)    FIELD_OF(struct experiment, field, W)
#define SCENARIO(field, W) FIELD_OF(struct scenario, field, W)
#define BYTE(T, field)                                                                             \
    (offsetof(T, field) + 0 * sizeof(struct {                                                      \
                              static_assert(sizeof((T *)nullptr)->field == 1);                     \
                              int unused;                                                          \
                          }))

static const char *const orders[] = {"fixed", "random", nullptr}; /* false, true of `shuffle` */
static const char *const modes[] = {"single", "batch", "dual", "stress", "load", nullptr};
static_assert(MODE_SINGLE == 0 && MODE_BATCH == 1 && MODE_DUAL == 2 && MODE_STRESS == 3 &&
              MODE_LOAD == 4);

/* The order is the order of docs/EXPERIMENT.md: what, how often, how, then the rest. */
/* clang-format off */
const struct experiment_key experiment_keys_top[] = {
    {EXPERIMENT_KEY_STR, "name", "text", nullptr,
     "name of the experiment in every report (default: the name of the file)", FIELD(name, const char *)},
    {EXPERIMENT_KEY_STR, "description", "text", nullptr,
     "what it is for; kept with the results", FIELD(description, const char *)},
    {EXPERIMENT_KEY_PART, "models", "a list of models", nullptr,
     "names, or maps of the keys of a model; required"},
    {EXPERIMENT_KEY_PART, "backends", "a list of backends", nullptr,
     "names of engines, each with its device; required"},
    {EXPERIMENT_KEY_PART, "quantization", "a map with the key modes", nullptr,
     "the precisions that every model is run in"},
    {EXPERIMENT_KEY_PART, "prompt_sets", "a map of names to lists of prompts", nullptr,
     "the prompts, by name; may be left out where every scenario has its own"},
    {EXPERIMENT_KEY_PART, "scenarios", "a list of scenarios", nullptr,
     "maps of the keys of a scenario, or names of files in `scenarios/` beside this file; required"},
    {EXPERIMENT_KEY_U32, "repetitions", "a whole number", "5",
     "measured passes over a scenario's prompts, per invocation", FIELD(repetitions, uint32_t), 1, 1e6},
    {EXPERIMENT_KEY_U32, "invocations", "a whole number", "3",
     "fresh worker processes per configuration: what differs from process to process shows only here",
     FIELD(invocations, uint32_t), 1, 1e4},
    {EXPERIMENT_KEY_U32, "warmup_runs", "a whole number", "1",
     "passes before the measured ones; recorded as warmup and kept out of every figure",
     FIELD(warmup_runs, uint32_t), 0, 1e4},
    {EXPERIMENT_KEY_F64, "target_ci_percent", "a number of percent", "0",
     "add invocations, and repetitions to them, until the interval of each cell's median is within +- this; 0: as they stand",
     FIELD(target_ci_percent, double), 0, 100},
    {EXPERIMENT_KEY_U32, "max_invocations", "a whole number", "50",
     "with target_ci_percent: no cell gets more", FIELD(max_invocations, uint32_t), 1, 1e4},
    {EXPERIMENT_KEY_U32, "max_repetitions", "a whole number", "100",
     "with target_ci_percent: no invocation gets more", FIELD(max_repetitions, uint32_t), 1, 1e6},
    {EXPERIMENT_KEY_CHOICE, "order", "fixed or random", "random",
     "order of the configurations within a block of invocations; random is seeded and recorded",
     BYTE(struct experiment, shuffle), .choice = orders},
    {EXPERIMENT_KEY_U64, "seed", "a whole number", "42",
     "of the order, of sampling and of every resampling in the analysis", FIELD(seed, uint64_t)},
    {EXPERIMENT_KEY_U32, "max_tokens", "a whole number", "128",
     "generated tokens per prompt, at most", FIELD(max_tokens, uint32_t), 1, 1e6},
    {EXPERIMENT_KEY_F64, "temperature", "a number", "0",
     "of sampling; 0 is greedy", FIELD(temperature, double), 0, 100},
    {EXPERIMENT_KEY_F64, "top_p", "a number", "1",
     "mass of the likeliest tokens that sampling chooses from", FIELD(top_p, double), 1e-6, 1},
    {EXPERIMENT_KEY_BOOL, "stop_on_eos", "true or false", "true",
     "end a sequence at the model's end token; false makes every engine generate max_tokens",
     FIELD(stop_on_eos, bool)},
    {EXPERIMENT_KEY_U32, "threads", "a whole number", "0",
     "per worker; 0: every core that the process may use, half of them for each agent of a dual", FIELD(threads, uint32_t), 0, 4096},
    {EXPERIMENT_KEY_F64, "timeout_s", "a number of seconds", "300",
     "of one request; a longer one is `timeout`", FIELD(timeout_s, double), 0.001, 1e6},
    {EXPERIMENT_KEY_F64, "load_timeout_s", "a number of seconds", "900",
     "of loading a configuration, compilation included", FIELD(load_timeout_s, double), 0.001, 1e6},
    {EXPERIMENT_KEY_F64, "memory_limit_mb", "a number of megabytes", "0",
     "per worker; 0: what the machine has", FIELD(memory_limit_mb, double), 0, 1e9},
    {EXPERIMENT_KEY_STR, "baseline_backend", "a backend", nullptr,
     "the others' outputs are compared with those of this one at fp32 (default: none)",
     FIELD(baseline_backend, const char *)},
    {EXPERIMENT_KEY_F64, "accuracy_threshold", "a number from 0 to 1", "0",
     "agreement with the baseline below which a cell is `fail_accuracy`; 0: no such gate",
     FIELD(accuracy_threshold, double), 0, 1},
    {EXPERIMENT_KEY_BOOL, "enable_resource_monitoring", "true or false", "true",
     "record CPU and memory of each worker", FIELD(resource_monitoring, bool)},
    {EXPERIMENT_KEY_F64, "resource_sampling_interval_s", "a number of seconds", "0.1",
     "between two such records", FIELD(resource_interval_s, double), 0.001, 3600},
    {EXPERIMENT_KEY_PART, "perplexity", "a map of its keys", nullptr,
     "after the timed blocks, score a text in every configuration (default: none is scored)"},
    {EXPERIMENT_KEY_PART, "semantic", "a map of its keys", nullptr,
     "at the end, compare the outputs with the baseline's by an embedding model (default: they are not)"},
    {EXPERIMENT_KEY_PART, "synthetic", "text, or a map", nullptr,
     "law and faults of the backend `synthetic` (chimera doctor tells its words)"},
    {EXPERIMENT_KEY_LATER, "pricing", "a map", nullptr, "prices for the cost analysis"},
    {EXPERIMENT_KEY_LATER, "energy", "a map", nullptr, "power and energy"},
    {EXPERIMENT_KEY_LATER, "load", "a map", nullptr, "arrivals of the load generator"},
    {},
};

const struct experiment_key experiment_keys_scenario[] = {
    {EXPERIMENT_KEY_STR, "name", "text", nullptr,
     "no '/' in it; a scenario in a file of its own is named like the file unless it says otherwise",
     SCENARIO(name, const char *)},
    {EXPERIMENT_KEY_STR, "description", "text", nullptr, "for people", SCENARIO(description, const char *)},
    {EXPERIMENT_KEY_PART, "prompt_set", "the name of a prompt set", nullptr,
     "the prompts of one repetition, in their order"},
    {EXPERIMENT_KEY_PART, "prompts", "a list of prompts", nullptr,
     "instead of prompt_set: prompts of this scenario alone"},
    {EXPERIMENT_KEY_CHOICE, "mode", "single, batch, dual, stress or load", nullptr,
     "one request after the other; batch_size prompts in one forward; two workers at once; for a time "
     "(default: batch where batch_size is above 1, else single)",
     BYTE(struct scenario, mode), .choice = modes},
    {EXPERIMENT_KEY_U32, "batch_size", "a whole number", nullptr,
     "prompts in one forward (default: 4 in mode batch, else 1)", SCENARIO(batch_size, uint32_t), 1, 4096},
    {EXPERIMENT_KEY_BOOL, "stream", "true or false", "false",
     "ask a server for one event per token; engines in a worker stamp each token anyway",
     SCENARIO(stream, bool)},
    {EXPERIMENT_KEY_U32, "max_tokens", "a whole number", nullptr,
     "generated tokens per prompt, at most (default: the experiment's)", SCENARIO(max_tokens, uint32_t), 1, 1e6},
    {EXPERIMENT_KEY_F64, "duration_s", "a number of seconds", "10",
     "mode stress: how long one repetition lasts", SCENARIO(duration_s, double), 0.001, 1e6},
    {},
};

const struct experiment_key experiment_keys_model[] = {
    {EXPERIMENT_KEY_STR, "name", "text", nullptr,
     "a Hugging Face folder, a .gguf, an ONNX folder, an Ollama tag, or synth:gpt2/L=8,d=512,h=8,seed=42",
     FIELD_OF(struct experiment_model, name, const char *)},
    {EXPERIMENT_KEY_STR, "description", "text", nullptr, "for people",
     FIELD_OF(struct experiment_model, description, const char *)},
    {EXPERIMENT_KEY_F64, "params_millions", "a number", nullptr,
     "what the file claims; the count is read from the model itself, and a difference is reported",
     FIELD_OF(struct experiment_model, params_millions, double), 0, 1e9},
    {},
};

const struct experiment_key experiment_keys_quantization[] = {
    {EXPERIMENT_KEY_PART, "modes", "a list of precisions", "[fp32]",
     "fp32, fp16, bf16, int8, int4, or a type of llama.cpp's (q8_0, q4_k_m, q2_k ...)"},
    {},
};

#define PERPLEXITY(field, W) FIELD_OF(struct experiment_perplexity, field, W)
const struct experiment_key experiment_keys_perplexity[] = {
    {EXPERIMENT_KEY_STR, "text", "a file", nullptr,
     "UTF-8 text, beside this file or in the working directory; required", PERPLEXITY(text, const char *)},
    {EXPERIMENT_KEY_U32, "window", "a whole number", nullptr,
     "tokens that a model is given at once (default: 512, or its context where that is smaller)",
     PERPLEXITY(window, uint32_t), 2, 1e9},
    {EXPERIMENT_KEY_U32, "stride", "a whole number", nullptr,
     "tokens from one window to the next, below window (default: half of it)",
     PERPLEXITY(stride, uint32_t), 1, 1e9},
    {EXPERIMENT_KEY_U32, "max_tokens", "a whole number", nullptr,
     "take no more than the first so many tokens of the text (default: all)",
     PERPLEXITY(max_tokens, uint32_t), 2, 1e9},
    {EXPERIMENT_KEY_PART, "gates", "a map of precisions to numbers", nullptr,
     "allowed relative increase over the baseline (default: fp32 0.001, fp16 and bf16 0.005, int8 0.02, "
     "others none)"},
    {},
};

#define SEMANTIC(field, W) FIELD_OF(struct experiment_semantic, field, W)
const struct experiment_key experiment_keys_semantic[] = {
    {EXPERIMENT_KEY_STR, "model", "a folder or a file", nullptr,
     "of sentence-transformers' kind, or a .gguf, beside this file or in the working directory",
     SEMANTIC(model, const char *)},
    {EXPERIMENT_KEY_STR, "url", "an address", nullptr,
     "instead: a server with OpenAI's /v1/embeddings; its key is taken from $CHIMERA_EMBED_KEY",
     SEMANTIC(url, const char *)},
    {EXPERIMENT_KEY_STR, "name", "text", nullptr, "the server's model, where it has several",
     SEMANTIC(name, const char *)},
    {},
};

const struct experiment_key experiment_keys_backend[] = {
    {EXPERIMENT_KEY_PART, "name", "a backend", nullptr, "as `chimera doctor` lists them"},
    {},
};

const struct experiment_key experiment_keys_prompt_set[] = {
    {EXPERIMENT_KEY_PART, "prompts", "a list of prompts", nullptr, "text"},
    {EXPERIMENT_KEY_STR, "description", "text", nullptr, "for people"},
    {},
};
/* clang-format on */
