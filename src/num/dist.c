#include "num/dist.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

double dist_t_two_sided(double t, double df)
{
    return 2 * pt(-fabs(t), df, 1, 0);
}

double dist_t_quantile(double p, double df)
{
    return qt(p, df, 1, 0);
}

double dist_f_upper(double f, double df1, double df2)
{
    return pf(f, df1, df2, 0, 0);
}

double dist_normal_two_sided(double z)
{
    return 2 * pnorm(-fabs(z), 0, 1, 1, 0);
}

double dist_binomial_cdf(double k, size_t n, double p)
{
    return pbinom(k, (double)n, p, 1, 0);
}

double dist_binomial_quantile(double prob, size_t n, double p)
{
    return qbinom(prob, (double)n, p, 1, 0);
}

double dist_wilcoxon_cdf(double w, size_t n1, size_t n2)
{
    const double p = pwilcox(w, (double)n1, (double)n2, 1, 0);
    wilcox_free();
    return p;
}
double dist_binomial_upper(double k, size_t n, double p)
{
    return pbinom(k, (double)n, p, 0, 0);
}
double dist_chi2_upper(double x, double df)
{
    return pchisq(x, df, 0, 0);
}
double dist_beta_cdf(double x, double a, double b)
{
    return pbeta(x, a, b, 1, 0);
}
double dist_beta_quantile(double p, double a, double b)
{
    return qbeta(p, a, b, 1, 0);
}
double dist_beta_upper_quantile(double p, double a, double b)
{
    return qbeta(p, a, b, 0, 0);
}
double dist_normal_quantile(double p)
{
    return qnorm(p, 0, 1, 1, 0);
}
