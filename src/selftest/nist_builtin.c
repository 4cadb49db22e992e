#include "selftest/nist_builtin.h"

#include "base/defs.h"

/* clang-format off */
static const char lew[] = {
#embed "nist/univariate/Lew.dat"
    , 0};
static const char lottery[] = {
#embed "nist/univariate/Lottery.dat"
    , 0};
static const char michelso[] = {
#embed "nist/univariate/Michelso.dat"
    , 0};
static const char numacc1[] = {
#embed "nist/univariate/NumAcc1.dat"
    , 0};
static const char numacc2[] = {
#embed "nist/univariate/NumAcc2.dat"
    , 0};
static const char numacc3[] = {
#embed "nist/univariate/NumAcc3.dat"
    , 0};
static const char pidigits[] = {
#embed "nist/univariate/PiDigits.dat"
    , 0};
static const char atmwtag[] = {
#embed "nist/anova/AtmWtAg.dat"
    , 0};
static const char sirstv[] = {
#embed "nist/anova/SiRstv.dat"
    , 0};
static const char smls01[] = {
#embed "nist/anova/SmLs01.dat"
    , 0};
static const char smls02[] = {
#embed "nist/anova/SmLs02.dat"
    , 0};
static const char smls04[] = {
#embed "nist/anova/SmLs04.dat"
    , 0};
static const char smls05[] = {
#embed "nist/anova/SmLs05.dat"
    , 0};
static const char smls07[] = {
#embed "nist/anova/SmLs07.dat"
    , 0};
static const char longley[] = {
#embed "nist/linear/Longley.dat"
    , 0};
static const char noint1[] = {
#embed "nist/linear/NoInt1.dat"
    , 0};
static const char norris[] = {
#embed "nist/linear/Norris.dat"
    , 0};
static const char pontius[] = {
#embed "nist/linear/Pontius.dat"
    , 0};
static const char wampler1[] = {
#embed "nist/linear/Wampler1.dat"
    , 0};
static const char wampler2[] = {
#embed "nist/linear/Wampler2.dat"
    , 0};
static const char wampler4[] = {
#embed "nist/linear/Wampler4.dat"
    , 0};
static const char boxbod[] = {
#embed "nist/nonlinear/BoxBOD.dat"
    , 0};
static const char chwirut2[] = {
#embed "nist/nonlinear/Chwirut2.dat"
    , 0};
static const char danwood[] = {
#embed "nist/nonlinear/DanWood.dat"
    , 0};
static const char gauss1[] = {
#embed "nist/nonlinear/Gauss1.dat"
    , 0};
static const char gauss2[] = {
#embed "nist/nonlinear/Gauss2.dat"
    , 0};
static const char hahn1[] = {
#embed "nist/nonlinear/Hahn1.dat"
    , 0};
static const char kirby2[] = {
#embed "nist/nonlinear/Kirby2.dat"
    , 0};
static const char lanczos3[] = {
#embed "nist/nonlinear/Lanczos3.dat"
    , 0};
static const char mgh09[] = {
#embed "nist/nonlinear/MGH09.dat"
    , 0};
static const char misra1a[] = {
#embed "nist/nonlinear/Misra1a.dat"
    , 0};
static const char misra1b[] = {
#embed "nist/nonlinear/Misra1b.dat"
    , 0};
static const char nelson[] = {
#embed "nist/nonlinear/Nelson.dat"
    , 0};
static const char rat42[] = {
#embed "nist/nonlinear/Rat42.dat"
    , 0};
/* clang-format on */

static const struct {
    const char *name, *text;
} sets[] = {
    {"Lew", lew},           {"Lottery", lottery}, {"Michelso", michelso}, {"NumAcc1", numacc1},
    {"NumAcc2", numacc2},   {"NumAcc3", numacc3}, {"PiDigits", pidigits}, {"AtmWtAg", atmwtag},
    {"SiRstv", sirstv},     {"SmLs01", smls01},   {"SmLs02", smls02},     {"SmLs04", smls04},
    {"SmLs05", smls05},     {"SmLs07", smls07},   {"Longley", longley},   {"NoInt1", noint1},
    {"Norris", norris},     {"Pontius", pontius}, {"Wampler1", wampler1}, {"Wampler2", wampler2},
    {"Wampler4", wampler4}, {"BoxBOD", boxbod},   {"Chwirut2", chwirut2}, {"DanWood", danwood},
    {"Gauss1", gauss1},     {"Gauss2", gauss2},   {"Hahn1", hahn1},       {"Kirby2", kirby2},
    {"Lanczos3", lanczos3}, {"MGH09", mgh09},     {"Misra1a", misra1a},   {"Misra1b", misra1b},
    {"Nelson", nelson},     {"Rat42", rat42},
};

size_t nist_builtin_count(void)
{
    return COUNT_OF(sets);
}

const char *nist_builtin_name(size_t i)
{
    return sets[i].name;
}

const char *nist_builtin_text(size_t i)
{
    return sets[i].text;
}
