#include "domain/precision.h"

#include "base/defs.h"
#include "base/nearest.h"

#include <string.h>

/* The head is Q6_K, or Q8_0 where 256 does not divide its rows. */
#define WIDE_HEAD "Q6_K Q8_0"

/* clang-format off */
static const struct precision precisions[] = {
    {"fp32",    32, 0, "F32",     "F32",                  "F32"},
    {"fp16",    16, 1, "F16",     "F16",                  "F16"},
    {"bf16",    16, 32, "BF16",    "BF16",                 "BF16"},
    {"int8",    8.5, 7, "Q8_0",    "Q8_0",                 "Q8_0"},
    {"int4",    4.5, 2, "Q4_0",    "Q4_0",                 "Q4_0 " WIDE_HEAD},
    {"q8_0",    8.5, 7, "Q8_0",    "Q8_0",                 "Q8_0"},
    {"q6_k",    6.56, 18, "Q6_K",    "Q6_K",                 WIDE_HEAD},
    {"q5_k_m",  5.70, 17, "Q5_K",    "Q5_K Q6_K",            WIDE_HEAD},
    {"q5_k_s",  5.57, 16, "Q5_K",    "Q5_K",                 WIDE_HEAD},
    {"q5_1",    6, 9, "Q5_1",    "Q5_1",                 "Q5_1 " WIDE_HEAD},
    {"q5_0",    5.5, 8, "Q5_0",    "Q5_0",                 "Q5_0 " WIDE_HEAD},
    {"q4_k_m",  4.89, 15, "Q4_K",    "Q4_K Q5_K Q6_K",       WIDE_HEAD},
    {"q4_k_s",  4.67, 14, "Q4_K",    "Q4_K Q5_K",            WIDE_HEAD},
    {"q4_1",    5, 3, "Q4_1",    "Q4_1",                 "Q4_1 " WIDE_HEAD},
    {"q4_0",    4.5, 2, "Q4_0",    "Q4_0",                 "Q4_0 " WIDE_HEAD},
    {"iq4_nl",  4.68, 25, "IQ4_NL",  "IQ4_NL Q5_K",          WIDE_HEAD},
    {"iq4_xs",  4.46, 30, "IQ4_XS",  "IQ4_XS Q5_K",          WIDE_HEAD},
    {"q3_k_l",  4.30, 13, "Q3_K",    "Q3_K Q4_K Q5_K",       WIDE_HEAD},
    {"q3_k_m",  4.00, 12, "Q3_K",    "Q3_K Q4_K Q5_K",       WIDE_HEAD},
    {"q3_k_s",  3.64, 11, "Q3_K",    "Q3_K",                 WIDE_HEAD},
    {"iq3_m",   3.76, 27, "IQ3_S",   "IQ3_S Q4_K Q5_K Q6_K", WIDE_HEAD},
    {"iq3_s",   3.66, 26, "IQ3_S",   "IQ3_S Q4_K",           WIDE_HEAD},
    {"q2_k",    3.16, 10, "Q2_K",    "Q2_K Q3_K Q4_K",       WIDE_HEAD},
};

/* Types of llama.cpp's that cannot be made without data that chimera does not have. */
static const struct {
    const char *name, *why;
} refused[] = {
    {"iq1_s",    "needs an importance matrix, which chimera does not make"},
    {"iq1_m",    "needs an importance matrix, which chimera does not make"},
    {"iq2_xxs",  "needs an importance matrix, which chimera does not make"},
    {"iq2_xs",   "needs an importance matrix, which chimera does not make"},
    {"iq2_s",    "needs an importance matrix, which chimera does not make"},
    {"iq2_m",    "needs an importance matrix, which chimera does not make"},
    {"iq3_xxs",  "needs an importance matrix, which chimera does not make"},
    {"iq3_xs",   "needs an importance matrix, which chimera does not make"},
    {"q2_k_s",   "needs an importance matrix, which chimera does not make"},
    {"tq1_0",    "is for models that were trained in three values"},
    {"tq2_0",    "is for models that were trained in three values"},
    {"mxfp4",    "is for the experts of a mixture, which chimera does not export"},
};
/* clang-format on */

const struct precision *precision_at(size_t i)
{
    return i < COUNT_OF(precisions) ? &precisions[i] : nullptr;
}

const struct precision *precision_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(precisions); i++)
        if (strcmp(precisions[i].name, name) == 0)
            return &precisions[i];
    return nullptr;
}

bool precision_names(const char *types, const char *type)
{
    const size_t n = strlen(type);
    for (const char *at = types; at && *at; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == n && memcmp(at, type, n) == 0)
            return true;
    return false;
}

const char *precision_of_file_type(int file_type)
{
    const char *name = nullptr;
    for (size_t i = 0; i < COUNT_OF(precisions); i++)
        if (precisions[i].file_type == file_type)
            name = precisions[i].name; /* the last: the engine's own */
    return name;
}

const char *precision_refused(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (strcmp(refused[i].name, name) == 0)
            return refused[i].why;
    return nullptr;
}

const char *precision_nearest(const char *name)
{
    const char *names[COUNT_OF(precisions)];
    for (size_t i = 0; i < COUNT_OF(precisions); i++)
        names[i] = precisions[i].name;
    return nearest_word(name, names, COUNT_OF(names));
}
