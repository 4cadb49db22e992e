#include "num/formula.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/formula_code.h"

#include <ctype.h>
#include <string.h>

constexpr size_t CONSTANTS = 8;
constexpr size_t NAME = 16;
constexpr size_t NESTING = 60;

struct constant {
    char name[NAME];
    wide_t value;
};

struct parser {
    const char *text, *at;
    struct formula *f;
    struct formula_side *side;
    struct constant constants[CONSTANTS];
    size_t n_constants, depth, nesting;
    bool first_is_b0; /* a B0 was seen: parameters count from 0 */
    struct err *e;
};

static const struct {
    const char *name;
    enum formula_op op;
} functions[] = {
    {"exp", FORMULA_EXP},     {"log", FORMULA_LOG}, {"ln", FORMULA_LOG},  {"sqrt", FORMULA_SQRT},
    {"sin", FORMULA_SIN},     {"cos", FORMULA_COS}, {"tan", FORMULA_TAN}, {"atan", FORMULA_ATAN},
    {"arctan", FORMULA_ATAN}, {"abs", FORMULA_ABS},
};

static enum err_code wrong(struct parser *p, const char *expected)
{
    return err_set(p->e, ERR_PARSE, "model: expected %s at '%.40s'", expected, p->at);
}

static void blanks(struct parser *p)
{
    while (isspace((unsigned char)*p->at))
        p->at++;
}

static bool take(struct parser *p, char c)
{
    blanks(p);
    if (*p->at != c)
        return false;
    p->at++;
    return true;
}

static enum err_code step(struct parser *p, struct formula_step s, int grows)
{
    if (p->side->n == FORMULA_STEPS || p->depth + (size_t)(grows > 0) > FORMULA_DEPTH)
        return err_set(p->e, ERR_LIMIT, "model: longer than %zu operations, or nested too deep",
                       FORMULA_STEPS);
    p->side->steps[p->side->n++] = s;
    p->depth = grows > 0 ? p->depth + 1 : grows < 0 ? p->depth - 1 : p->depth;
    return ERR_OK;
}

static enum err_code sum(struct parser *p);

static enum err_code bracket(struct parser *p)
{
    const bool square = take(p, '[');
    if (!square && !take(p, '('))
        return wrong(p, "a bracket");
    if (++p->nesting > NESTING)
        return err_set(p->e, ERR_LIMIT, "model: brackets nested more than %zu deep", NESTING);
    const enum err_code code = sum(p);
    if (code != ERR_OK)
        return code;
    p->nesting--;
    return take(p, square ? ']' : ')') ? ERR_OK : wrong(p, square ? "']'" : "')'");
}

/* The digits after the letter of b1 or x2; fallback where there are none. false: not digits alone,
 * or more than most. */
static bool index_of(const char *name, unsigned fallback, size_t most, unsigned *ret)
{
    if (!*name) {
        *ret = fallback;
        return true;
    }
    const size_t digits = strspn(name, "0123456789");
    *ret = digits == strlen(name) && digits < 4 ? (unsigned)strtoul(name, nullptr, 10) : 0;
    return digits == strlen(name) && *ret <= most;
}

static enum err_code variable(struct parser *p, const char *name)
{
    unsigned i;
    const char letter = (char)tolower((unsigned char)name[0]);
    if (letter == 'y' && !name[1])
        return step(p, (struct formula_step){.op = FORMULA_Y}, 1);
    if (letter == 'b' && name[1] && index_of(name + 1, 1, FORMULA_PARAMETERS, &i)) {
        if (i == 0)
            p->first_is_b0 = true;
        if (i > p->f->parameters)
            p->f->parameters = i;
        return step(p, (struct formula_step){.op = FORMULA_B, .index = i}, 1);
    }
    if (letter == 'x' && index_of(name + 1, 1, FORMULA_PREDICTORS, &i) && i > 0) {
        if (i > p->f->predictors)
            p->f->predictors = i;
        return step(p, (struct formula_step){.op = FORMULA_X, .index = i - 1}, 1);
    }
    for (size_t k = p->n_constants; k-- > 0;) /* the last one of a name */
        if (strcmp(p->constants[k].name, name) == 0)
            return step(
                p, (struct formula_step){.op = FORMULA_NUMBER, .number = p->constants[k].value}, 1);
    return err_set(p->e, ERR_PARSE, "model: '%s' is no parameter (b1), predictor (x) or function",
                   name);
}

static void word(struct parser *p, char *ret)
{
    size_t n = 0;
    blanks(p);
    while (isalnum((unsigned char)*p->at) || *p->at == '_') {
        if (n + 1 < NAME)
            ret[n++] = *p->at;
        p->at++;
    }
    ret[n] = '\0';
}

static enum err_code named(struct parser *p)
{
    char name[NAME];
    word(p, name);
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        if (strcmp(functions[i].name, name) == 0) {
            const enum err_code code = bracket(p);
            return code != ERR_OK ? code : step(p, (struct formula_step){.op = functions[i].op}, 0);
        }
    return variable(p, name);
}

static enum err_code number(struct parser *p)
{
    char *end;
    const wide_t v = wide_of_text(p->at, &end);
    p->at = end;
    return step(p, (struct formula_step){.op = FORMULA_NUMBER, .number = v}, 1);
}

static enum err_code signed_power(struct parser *p);

static bool take_power(struct parser *p)
{
    blanks(p);
    if (p->at[0] == '*' && p->at[1] == '*') {
        p->at += 2;
        return true;
    }
    return take(p, '^');
}

/* a ** b, to the right, above a sign: -a ** 2 is -(a ** 2). */
static enum err_code power(struct parser *p)
{
    blanks(p);
    const unsigned char c = (unsigned char)*p->at;
    enum err_code code = isalpha(c)               ? named(p)
                         : isdigit(c) || c == '.' ? number(p)
                         : c == '(' || c == '['   ? bracket(p)
                                                  : wrong(p, "a number, a name or a bracket");
    if (code != ERR_OK || !take_power(p))
        return code;
    code = signed_power(p);
    return code != ERR_OK ? code : step(p, (struct formula_step){.op = FORMULA_POWER}, -1);
}

static enum err_code signed_power(struct parser *p)
{
    bool negative = false;
    for (;;) {
        if (take(p, '-'))
            negative = !negative;
        else if (!take(p, '+'))
            break;
    }
    if (++p->nesting > NESTING)
        return err_set(p->e, ERR_LIMIT, "model: nested more than %zu deep", NESTING);
    const enum err_code code = power(p);
    p->nesting--;
    return code != ERR_OK || !negative ? code
                                       : step(p, (struct formula_step){.op = FORMULA_NEGATE}, 0);
}

static enum err_code product(struct parser *p)
{
    enum err_code code = signed_power(p);
    while (code == ERR_OK) {
        blanks(p);
        const char c = *p->at;
        if ((c != '*' && c != '/') || (c == '*' && p->at[1] == '*'))
            return ERR_OK;
        p->at++;
        code = signed_power(p);
        if (code == ERR_OK)
            code = step(
                p, (struct formula_step){.op = c == '*' ? FORMULA_MULTIPLY : FORMULA_DIVIDE}, -1);
    }
    return code;
}

/* "+ e" and nothing after it: the error term. */
static bool at_error_term(const struct parser *p)
{
    const char *s = p->at;
    while (isspace((unsigned char)*s))
        s++;
    if (*s != '+')
        return false;
    for (s++; isspace((unsigned char)*s);)
        s++;
    if (*s != 'e' && *s != 'E')
        return false;
    for (s++; isspace((unsigned char)*s);)
        s++;
    return *s == '\0';
}

static enum err_code sum(struct parser *p)
{
    enum err_code code = product(p);
    while (code == ERR_OK && !at_error_term(p)) {
        const bool minus = take(p, '-');
        if (!minus && !take(p, '+'))
            return ERR_OK;
        code = product(p);
        if (code == ERR_OK)
            code = step(p, (struct formula_step){.op = minus ? FORMULA_SUBTRACT : FORMULA_ADD}, -1);
    }
    return code;
}

/* name = number, where that is what stands here. */
static bool constant(struct parser *p)
{
    const char *const start = p->at;
    struct constant c = {};
    word(p, c.name);
    char *end;
    if (c.name[0] && take(p, '=') && p->n_constants < CONSTANTS) {
        c.value = wide_of_text(p->at, &end);
        const char *after = end;
        while (isspace((unsigned char)*after))
            after++;
        if (end != p->at && isalpha((unsigned char)*after)) {
            p->at = after;
            p->constants[p->n_constants++] = c;
            return true;
        }
    }
    p->at = start;
    return false;
}

static enum err_code side(struct parser *p, struct formula_side *s)
{
    p->side = s;
    p->depth = 0;
    return sum(p);
}

static enum err_code number_parameters(struct parser *p)
{
    struct formula *const f = p->f;
    const unsigned first = p->first_is_b0 ? 0 : 1;
    f->parameters += 1 - first;
    if (f->parameters == 0 || f->parameters > FORMULA_PARAMETERS)
        return err_set(p->e, ERR_PARSE, "model: %zu parameters (1 to %zu are possible)",
                       f->parameters, FORMULA_PARAMETERS);
    for (size_t i = 0; i < f->right.n; i++)
        if (f->right.steps[i].op == FORMULA_B)
            f->right.steps[i].index -= first;
        else if (f->right.steps[i].op == FORMULA_Y)
            return err_set(p->e, ERR_PARSE, "model: y stands right of '='");
    for (size_t i = 0; i < f->left.n; i++)
        if (f->left.steps[i].op == FORMULA_B || f->left.steps[i].op == FORMULA_X)
            return err_set(p->e, ERR_PARSE, "model: a parameter or predictor stands left of '='");
    return ERR_OK;
}

enum err_code formula_parse(const char *text, struct arena *a, const struct formula **ret,
                            struct err *e)
{
    struct formula *const f = ARENA_ARRAY(a, struct formula, 1);
    struct parser p = {.text = text, .at = text, .f = f, .e = e};
    p.constants[p.n_constants++] = (struct constant){"pi", wide_pi()};
    while (constant(&p)) {
    }
    enum err_code code = side(&p, &f->left);
    if (code == ERR_OK && !take(&p, '='))
        code = wrong(&p, "'='");
    if (code == ERR_OK)
        code = side(&p, &f->right);
    if (code == ERR_OK && *p.at && !at_error_term(&p)) {
        blanks(&p);
        if (*p.at)
            code = wrong(&p, "the end, or '+ e',");
    }
    if (code == ERR_OK)
        code = number_parameters(&p);
    if (code == ERR_OK)
        *ret = f;
    return code;
}

size_t formula_parameters(const struct formula *f)
{
    return f->parameters;
}

size_t formula_predictors(const struct formula *f)
{
    return f->predictors;
}
