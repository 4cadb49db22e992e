#include "text/porter.h"

#include "base/defs.h"

#include <string.h>

struct word {
    char *at;
    size_t n;
    enum porter_mode mode;
};

enum condition : uint8_t { ALWAYS, MEASURE_1, MEASURE_2, MEASURE_2_AFTER_S_OR_T };

struct rule {
    const char *suffix, *with;
    enum condition when;
    enum porter_mode mode; /* the one that it is for, with one_mode */
    bool one_mode;
};

static bool is_vowel_letter(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/* A y is a consonant at the start and after a vowel, so a run of them alternates. */
static bool is_consonant(const char *at, size_t i)
{
    size_t run = 0;
    for (; i > 0 && at[i] == 'y'; i--)
        run++;
    return !is_vowel_letter(at[i]) != (run % 2 == 1);
}

/* m in [C](VC)^m[V]: how often a vowel is followed by a consonant. */
static size_t measure(const char *at, size_t n)
{
    size_t m = 0;
    bool before = true;
    for (size_t i = 0; i < n; i++) {
        const bool now = at[i] == 'y' ? (i == 0 || !before) : !is_vowel_letter(at[i]);
        m += i > 0 && now && !before;
        before = now;
    }
    return m;
}

static bool has_vowel(const char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_consonant(at, i))
            return true;
    return false;
}

static bool ends_double_consonant(const struct word *w)
{
    return w->n >= 2 && w->at[w->n - 1] == w->at[w->n - 2] && is_consonant(w->at, w->n - 1);
}

/* *o of the paper; NLTK adds words of two letters, vowel and consonant. */
static bool ends_cvc(const struct word *w, size_t n)
{
    if (n >= 3) {
        const char last = w->at[n - 1];
        return is_consonant(w->at, n - 3) && !is_consonant(w->at, n - 2) &&
               is_consonant(w->at, n - 1) && last != 'w' && last != 'x' && last != 'y';
    }
    return w->mode == PORTER_NLTK && n == 2 && !is_consonant(w->at, 0) && is_consonant(w->at, 1);
}

static bool ends(const struct word *w, const char *suffix)
{
    const size_t n = strlen(suffix);
    return n <= w->n && memcmp(w->at + w->n - n, suffix, n) == 0;
}

static void replace(struct word *w, size_t n_off, const char *with)
{
    const size_t n = strlen(with);
    memcpy(w->at + w->n - n_off, with, n);
    w->n = w->n - n_off + n;
}

static bool holds(const struct word *w, size_t n_stem, enum condition when)
{
    switch (when) {
    case ALWAYS:
        return true;
    case MEASURE_1:
        return measure(w->at, n_stem) > 0;
    case MEASURE_2:
        return measure(w->at, n_stem) > 1;
    case MEASURE_2_AFTER_S_OR_T:
        return measure(w->at, n_stem) > 1 && (w->at[n_stem - 1] == 's' || w->at[n_stem - 1] == 't');
    }
    unreachable();
}

/* The first rule whose suffix fits decides, also where its condition then does not hold. */
static void rules_apply(struct word *w, const struct rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct rule *const r = &rules[i];
        if ((r->one_mode && r->mode != w->mode) || !ends(w, r->suffix))
            continue;
        const size_t off = strlen(r->suffix);
        if (holds(w, w->n - off, r->when))
            replace(w, off, r->with);
        return;
    }
}

static void step_1a(struct word *w)
{
    static const struct rule rules[] = {{"sses", "ss"}, {"ies", "i"}, {"ss", "ss"}, {"s", ""}};
    if (w->mode == PORTER_NLTK && w->n == 4 && ends(w, "ies"))
        replace(w, 3, "ie");
    else
        rules_apply(w, rules, COUNT_OF(rules));
}

/* What is left after -ed or -ing went. */
static void step_1b_mend(struct word *w)
{
    const char last = w->at[w->n - 1];
    if (ends(w, "at") || ends(w, "bl") || ends(w, "iz"))
        replace(w, 0, "e");
    else if (ends_double_consonant(w))
        w->n -= last != 'l' && last != 's' && last != 'z';
    else if (measure(w->at, w->n) == 1 && ends_cvc(w, w->n))
        replace(w, 0, "e");
}

static void step_1b(struct word *w)
{
    if (w->mode == PORTER_NLTK && ends(w, "ied")) {
        replace(w, 3, w->n == 4 ? "ie" : "i");
        return;
    }
    if (ends(w, "eed")) {
        w->n -= measure(w->at, w->n - 3) > 0;
        return;
    }
    const size_t off = ends(w, "ed") ? 2 : ends(w, "ing") ? 3 : 0;
    if (off == 0 || !has_vowel(w->at, w->n - off))
        return;
    w->n -= off;
    step_1b_mend(w);
}

static void step_1c(struct word *w)
{
    if (!ends(w, "y"))
        return;
    const size_t n = w->n - 1;
    if (w->mode == PORTER_NLTK ? n > 1 && is_consonant(w->at, n - 1) : has_vowel(w->at, n))
        w->at[n] = 'i';
}

/* NLTK takes -alli first and runs its result through again; counts the l of -logi with the stem, so
 * that "geologi" has one; and has -bli where the paper has -abli.
 */
static void step_2(struct word *w)
{
    static const struct rule rules[] = {
        {"ational", "ate", MEASURE_1},
        {"tional", "tion", MEASURE_1},
        {"enci", "ence", MEASURE_1},
        {"anci", "ance", MEASURE_1},
        {"izer", "ize", MEASURE_1},
        {"abli", "able", MEASURE_1, PORTER_ORIGINAL, true},
        {"bli", "ble", MEASURE_1, PORTER_NLTK, true},
        {"alli", "al", MEASURE_1},
        {"entli", "ent", MEASURE_1},
        {"eli", "e", MEASURE_1},
        {"ousli", "ous", MEASURE_1},
        {"ization", "ize", MEASURE_1},
        {"ation", "ate", MEASURE_1},
        {"ator", "ate", MEASURE_1},
        {"alism", "al", MEASURE_1},
        {"iveness", "ive", MEASURE_1},
        {"fulness", "ful", MEASURE_1},
        {"ousness", "ous", MEASURE_1},
        {"aliti", "al", MEASURE_1},
        {"iviti", "ive", MEASURE_1},
        {"biliti", "ble", MEASURE_1},
        {"fulli", "ful", MEASURE_1, PORTER_NLTK, true},
    };
    if (w->mode == PORTER_NLTK) {
        while (ends(w, "alli") && measure(w->at, w->n - 4) > 0)
            replace(w, 4, "al");
        if (ends(w, "logi")) {
            w->n -= measure(w->at, w->n - 3) > 0;
            return;
        }
    }
    rules_apply(w, rules, COUNT_OF(rules));
}

static void step_3(struct word *w)
{
    static const struct rule rules[] = {
        {"icate", "ic", MEASURE_1}, {"ative", "", MEASURE_1},  {"alize", "al", MEASURE_1},
        {"iciti", "ic", MEASURE_1}, {"ical", "ic", MEASURE_1}, {"ful", "", MEASURE_1},
        {"ness", "", MEASURE_1},
    };
    rules_apply(w, rules, COUNT_OF(rules));
}

static void step_4(struct word *w)
{
    static const struct rule rules[] = {
        {"al", "", MEASURE_2},   {"ance", "", MEASURE_2}, {"ence", "", MEASURE_2},
        {"er", "", MEASURE_2},   {"ic", "", MEASURE_2},   {"able", "", MEASURE_2},
        {"ible", "", MEASURE_2}, {"ant", "", MEASURE_2},  {"ement", "", MEASURE_2},
        {"ment", "", MEASURE_2}, {"ent", "", MEASURE_2},  {"ion", "", MEASURE_2_AFTER_S_OR_T},
        {"ou", "", MEASURE_2},   {"ism", "", MEASURE_2},  {"ate", "", MEASURE_2},
        {"iti", "", MEASURE_2},  {"ous", "", MEASURE_2},  {"ive", "", MEASURE_2},
        {"ize", "", MEASURE_2},
    };
    rules_apply(w, rules, COUNT_OF(rules));
}

static void step_5(struct word *w)
{
    if (ends(w, "e")) {
        const size_t m = measure(w->at, w->n - 1);
        w->n -= m > 1 || (m == 1 && !ends_cvc(w, w->n - 1));
    }
    if (ends(w, "ll") && measure(w->at, w->n - 1) > 1)
        w->n--;
}

/* Words that NLTK does not take through the steps. */
static bool irregular(struct word *w)
{
    static const struct {
        const char *word, *stem;
    } table[] = {
        {"sky", "sky"},         {"skies", "sky"},        {"dying", "die"},
        {"lying", "lie"},       {"tying", "tie"},        {"news", "news"},
        {"innings", "inning"},  {"inning", "inning"},    {"outings", "outing"},
        {"outing", "outing"},   {"cannings", "canning"}, {"canning", "canning"},
        {"howe", "howe"},       {"proceed", "proceed"},  {"exceed", "exceed"},
        {"succeed", "succeed"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strlen(table[i].word) == w->n && memcmp(table[i].word, w->at, w->n) == 0) {
            replace(w, w->n, table[i].stem);
            return true;
        }
    return false;
}

size_t porter_stem(char *word, size_t n, enum porter_mode mode)
{
    struct word w = {word, n, mode};
    if (mode == PORTER_NLTK && (irregular(&w) || n <= 2))
        return w.n;
    step_1a(&w);
    step_1b(&w);
    step_1c(&w);
    step_2(&w);
    step_3(&w);
    step_4(&w);
    step_5(&w);
    return w.n;
}
