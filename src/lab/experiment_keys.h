/* experiment_keys.h - every key of an experiment file, as data.
 *
 * One row is everything there is to know about one key: the same row parses it, bounds it, gives
 * its default, finds the nearest right word for a mistyped one, and is its line in
 * docs/EXPERIMENT.md. A key that is no row does not exist.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum experiment_key_type : uint8_t {
    EXPERIMENT_KEY_END,
    EXPERIMENT_KEY_U32,
    EXPERIMENT_KEY_U64,
    EXPERIMENT_KEY_F64,
    EXPERIMENT_KEY_BOOL,
    EXPERIMENT_KEY_STR,
    EXPERIMENT_KEY_CHOICE, /* one byte: the place of the word in choice[] */
    EXPERIMENT_KEY_PART,   /* a list or a map that experiment_file.c reads itself */
    EXPERIMENT_KEY_LATER,  /* a word of the contract that this version reads past, with a note */
};

struct experiment_key {
    enum experiment_key_type type;
    const char *name;
    const char *want;          /* for people: "a number from 0 to 1", "a list of backends" */
    const char *def;           /* text, read like the file's; nullptr: none, or as help says */
    const char *help;          /* one line, no full stop */
    size_t offset;             /* into the struct that the table fills */
    double min, max;           /* of numbers, both included */
    const char *const *choice; /* ends in nullptr */
};

extern const struct experiment_key experiment_keys_top[];      /* fills struct experiment */
extern const struct experiment_key experiment_keys_scenario[]; /* fills struct scenario */
extern const struct experiment_key experiment_keys_model[];    /* fills struct experiment_model */
extern const struct experiment_key experiment_keys_quantization[];
extern const struct experiment_key
    experiment_keys_perplexity[]; /* fills struct experiment_perplexity */
extern const struct experiment_key
    experiment_keys_semantic[]; /* fills struct experiment_semantic */
extern const struct experiment_key experiment_keys_backend[];
extern const struct experiment_key experiment_keys_prompt_set[];
