#include "base/defs.h"
#include "num/cluster.h"
#include "test.h"

/* statsmodels 0.15.0: OLS of 40 values on a constant, cov_type='cluster' (use_correction,
 * df_correction, use_t), 8 clusters; the sums of the clusters and their sizes. The values: numpy
 * default_rng(7), rounded to 3 places. */
static const double units[] = {5, 3, 7, 4, 6, 5, 2, 8};
static const double sums[] = {12.69, 9.318, 21.11, 3.564, 15.793, 9.162, 6.268, 23.37};

static void test_mean(void)
{
    const struct cluster_mean m = cluster_mean_of(sums, units, COUNT_OF(units));
    CHECK_NEAR("mean", m.estimate, 2.5318750000000008, 1e-13);
    CHECK_NEAR("cluster-robust standard error", m.se, 0.24092848088548133, 1e-13);
    CHECK_NEAR("interval, lower", m.lo, 1.962169671198783, 1e-12);
    CHECK_NEAR("interval, upper", m.hi, 3.1015803288012185, 1e-12);
    CHECK("degrees of freedom", m.df == 7 && m.clusters == 8, "%g", m.df);
    /* scipy 1.17.1: (t.ppf(0.975, 7) + t.ppf(0.8, 7)) * se */
    CHECK_NEAR("smallest detectable difference", cluster_detectable(m.se, m.df, 0.05, 0.8),
               0.78558438983409129, 1e-12);
}

/* A cluster without units changes nothing; one cluster has a mean and no interval. */
static void test_few(void)
{
    const double with_gap_units[] = {5, 3, 0, 7, 4, 6, 5, 2, 8};
    const double with_gap[] = {12.69, 9.318, 0, 21.11, 3.564, 15.793, 9.162, 6.268, 23.37};
    const struct cluster_mean gap = cluster_mean_of(with_gap, with_gap_units, 9);
    CHECK_NEAR("an empty cluster is none", gap.se, 0.24092848088548133, 1e-13);
    const struct cluster_mean one = cluster_mean_of(sums, units, 1);
    CHECK_NEAR("one cluster: the mean", one.estimate, 12.69 / 5, 1e-15);
    CHECK("one cluster: no interval", isnan(one.se) && isnan(one.lo) && isnan(one.df), "%g",
          one.se);
    const struct cluster_mean none = cluster_mean_of(sums, units, 0);
    CHECK("nothing: nothing", isnan(none.estimate) && none.clusters == 0, "%g", none.estimate);
    const double same[] = {10, 6, 14};
    const struct cluster_mean flat = cluster_mean_of(same, units, 3);
    CHECK("equal means: an interval of no width", flat.se == 0 && flat.lo == 2 && flat.hi == 2,
          "%g", flat.se);
}

/* statsmodels: p and V as above, then proportion_confint(method='wilson') of p n' of n' at the
 * level whose normal quantile is t.ppf(0.975, 7). */
static void test_share(void)
{
    const double high[] = {4, 3, 6, 4, 5, 5, 1, 8}, apart[] = {5, 0, 7, 4, 1, 5, 2, 8};
    const struct cluster_mean h = cluster_share_of(high, units, 8);
    CHECK_NEAR("share", h.estimate, 0.9, 1e-15);
    CHECK_NEAR("less than chance between clusters: n' is n, lower", h.lo, 0.73499297646278294,
               1e-12);
    CHECK_NEAR("upper", h.hi, 0.96689304620590044, 1e-12);
    const struct cluster_mean a = cluster_share_of(apart, units, 8);
    CHECK_NEAR("clusters that differ: n' is smaller, lower", a.lo, 0.39485467774788252, 1e-12);
    CHECK_NEAR("upper", a.hi, 0.96081694638174375, 1e-12);
    const struct cluster_mean all = cluster_share_of(units, units, 8);
    CHECK_NEAR("a share of 1 has a lower bound", all.lo, 0.87735752833585401, 1e-12);
    CHECK("and ends at 1", all.hi == 1 && all.estimate == 1, "%g", all.hi);
}

int main(void)
{
    test_mean();
    test_few();
    test_share();
    return test_done();
}
