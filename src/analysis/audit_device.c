#include "analysis/audit_device.h"

#include "base/defs.h"
#include "store/results.h"

#include <string.h>
#include <strings.h>

static const char *const gpu_words[] = {"gpu",    "cuda",   "tensorrt", "trt",      "rocm",
                                        "nvidia", "radeon", "geforce",  "instinct", "migraphx"};

/* In the first n bytes, in upper or lower case. */
static bool holds(const char *text, size_t n, const char *word)
{
    const size_t k = strlen(word);
    for (size_t i = 0; i + k <= n; i++)
        if (strncasecmp(text + i, word, k) == 0)
            return true;
    return false;
}

static bool holds_gpu(const char *text, size_t n)
{
    for (size_t i = 0; i < COUNT_OF(gpu_words); i++)
        if (holds(text, n, gpu_words[i]))
            return true;
    return false;
}

bool audit_device_is_gpu(const char *name)
{
    return holds_gpu(name, strlen(name));
}

bool audit_device_is_cpu(const char *name)
{
    static const char *const words[] = {"cpu", "processor", "xeon", "epyc", "ryzen"};
    const size_t n = strlen(name);
    bool found = strstr(name, "Core"); /* Intel's; a core in other words is anybody's */
    for (size_t i = 0; i < COUNT_OF(words); i++)
        found = found || holds(name, n, words[i]);
    return found && !holds_gpu(name, n);
}

/* "llamacpp-cpu,n_gpu_layers=0" is a processor's. */
static size_t label_length(const struct audit_cell *c)
{
    return strcspn(c->key->backend, ",");
}

bool audit_device_label_gpu(const struct audit_cell *c)
{
    return holds_gpu(c->key->backend, label_length(c));
}

bool audit_device_label_cpu(const struct audit_cell *c)
{
    return holds(c->key->backend, label_length(c), "cpu") && !audit_device_label_gpu(c);
}
