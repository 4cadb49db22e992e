/* Numbers of the recipes: enum llama_ftype in llama.h. The types that llama.cpp's recipes give to
 * a GPT-2 (a fused qkv, 8 layers, rows of 256 and 1024): its own quantiser, run on such a file. */
#include "base/defs.h"
#include "domain/model_facts.h"
#include "domain/precision.h"
#include "model/gguf_label.h"
#include "model/gguf_read.h"
#include "test.h"

#include <llama.h>
#include <stdlib.h>

static const struct {
    const char *name;
    enum llama_ftype number;
} numbers[] = {
    {"fp32", LLAMA_FTYPE_ALL_F32},         {"fp16", LLAMA_FTYPE_MOSTLY_F16},
    {"bf16", LLAMA_FTYPE_MOSTLY_BF16},     {"int8", LLAMA_FTYPE_MOSTLY_Q8_0},
    {"int4", LLAMA_FTYPE_MOSTLY_Q4_0},     {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
    {"q6_k", LLAMA_FTYPE_MOSTLY_Q6_K},     {"q5_k_m", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    {"q5_k_s", LLAMA_FTYPE_MOSTLY_Q5_K_S}, {"q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},
    {"q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},     {"q4_k_m", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    {"q4_k_s", LLAMA_FTYPE_MOSTLY_Q4_K_S}, {"q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
    {"q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},     {"iq4_nl", LLAMA_FTYPE_MOSTLY_IQ4_NL},
    {"iq4_xs", LLAMA_FTYPE_MOSTLY_IQ4_XS}, {"q3_k_l", LLAMA_FTYPE_MOSTLY_Q3_K_L},
    {"q3_k_m", LLAMA_FTYPE_MOSTLY_Q3_K_M}, {"q3_k_s", LLAMA_FTYPE_MOSTLY_Q3_K_S},
    {"iq3_m", LLAMA_FTYPE_MOSTLY_IQ3_M},   {"iq3_s", LLAMA_FTYPE_MOSTLY_IQ3_S},
    {"q2_k", LLAMA_FTYPE_MOSTLY_Q2_K},
};

static void test_table(void)
{
    size_t n = 0, wrong = 0;
    for (const struct precision *p; (p = precision_at(n)); n++)
        wrong += !precision_names(p->layers, p->gguf) || precision_refused(p->name);
    CHECK("as many as are known here", n == COUNT_OF(numbers), "%zu", n);
    CHECK("each is among its own types", wrong == 0, "%zu are not", wrong);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const struct precision *const p = precision_find(numbers[i].name);
        CHECK(numbers[i].name, p && p->file_type == (int)numbers[i].number, "%d",
              p ? p->file_type : -1);
    }
    CHECK("no such", !precision_find("q4km") && !precision_find(""), "found");
    CHECK("a word that was not finished", strcmp(precision_nearest("q4_k"), "q4_k_m") == 0, "%s",
          precision_nearest("q4_k"));
    CHECK("nearest", strcmp(precision_nearest("q4_km"), "q4_k_m") == 0, "%s",
          precision_nearest("q4_km"));
    CHECK("one that needs more than weights", strstr(precision_refused("iq2_xs"), "importance"),
          "no reason");
    CHECK("a list names whole words",
          precision_names("Q4_K Q5_K", "Q5_K") && !precision_names("Q4_K Q5_K", "Q5") &&
              !precision_names("Q4_K", "Q4_K_M") && !precision_names(nullptr, "F32"),
          "not so");
}

struct part { /* of a file: multiply-adds of the layers, and of the head */
    const char *type;
    int64_t layers, head;
};

static const struct {
    const char *label, *precision;
    bool holds;
    struct part parts[4];
} files[] = {
    {"all of one type", "q8_0", true, {{"Q8_0", 6000, 1000}, {"F32", 0, 0}}},
    {"int8 is q8_0", "int8", true, {{"Q8_0", 6000, 1000}}},
    {"a wider head is the recipe's", "q4_0", true, {{"Q4_0", 6000, 0}, {"Q6_K", 0, 9000}}},
    {"q4_k_m's mixture", "q4_k_m", true, {{"Q4_K", 4456, 0}, {"Q6_K", 1835, 1024}}},
    {"q3_k_l's mixture", "q3_k_l", true, {{"Q3_K", 2097, 0}, {"Q5_K", 4194, 0}, {"Q6_K", 0, 1024}}},
    {"a mixture is not its narrowest type",
     "q3_k_s",
     false,
     {{"Q3_K", 2097, 0}, {"Q5_K", 4194, 0}}},
    {"most of it fell back", "q4_k_m", false, {{"Q4_K", 2000, 0}, {"Q5_0", 4000, 1000}}},
    {"some of it fell back",
     "q4_k_m",
     true,
     {{"Q4_K", 4000, 0}, {"Q5_0", 2000, 0}, {"Q6_K", 0, 1000}}},
    {"nothing of the type itself", "q4_0", false, {{"Q8_0", 6000, 0}, {"Q6_K", 0, 9000}}},
    {"a head that is most of the work and F16",
     "q8_0",
     false,
     {{"Q8_0", 600, 0}, {"F16", 0, 9000}}},
    {"fp16 in the file that is called q8_0", "q8_0", false, {{"F16", 6000, 1000}}},
    {"norms in F32 are no multiplication", "fp16", true, {{"F16", 6000, 1000}, {"F32", 0, 0}}},
    {"fp32 is all of it", "fp32", false, {{"F32", 6000, 0}, {"F16", 1, 0}}},
    {"fp32", "fp32", true, {{"F32", 6000, 1000}}},
};

static void test_labels(void)
{
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct gguf_read g = {};
        for (size_t k = 0; k < 4 && files[i].parts[k].type; k++)
            g.types[g.n_types++] = (struct gguf_read_type){.name = files[i].parts[k].type,
                                                           .elements = files[i].parts[k].layers +
                                                                       files[i].parts[k].head,
                                                           .layers = files[i].parts[k].layers,
                                                           .head = files[i].parts[k].head};
        char reason[200];
        const bool holds = gguf_label_holds(&g, files[i].precision, reason, sizeof reason);
        CHECK(files[i].label, holds == files[i].holds && holds == !*reason, "%d: %s", holds,
              reason);
    }
}

static void test_claims(void)
{
    const struct model_facts named = {.kind = MODEL_GGUF, .path = "m/Model-1.5B-Q8_0.gguf"},
                             half = {.kind = MODEL_GGUF, .path = "model.f16.gguf"},
                             onnx = {.kind = MODEL_ONNX, .path = "q8_0", .claims = "int8"},
                             told = {.kind = MODEL_GGUF, .path = "m.gguf", .claims = "q4_0"};
    CHECK("by the file's name",
          model_facts_claims(&named, "q8_0") && model_facts_claims(&named, "int8") &&
              !model_facts_claims(&named, "q4_0") && !model_facts_claims(&named, "fp16"),
          "not so");
    CHECK("f16 is fp16",
          model_facts_claims(&half, "fp16") && !model_facts_claims(&half, "fp32") &&
              !model_facts_claims(&half, "bf16"),
          "not so");
    CHECK("a folder by what it says alone",
          model_facts_claims(&onnx, "int8") && !model_facts_claims(&onnx, "q8_0"), "not so");
    CHECK("by the file's own word",
          model_facts_claims(&told, "q4_0") && model_facts_claims(&told, "int4") &&
              !model_facts_claims(&told, "q4_1"),
          "not so");
}

int main(void)
{
    test_table();
    test_labels();
    test_claims();
    return test_done();
}
