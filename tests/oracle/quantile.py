import numpy as np, json
from scipy.stats import mstats, binom
rng=np.random.default_rng(5)
out={"origin":"SciPy 1.17.1 (mstats.hdquantiles); medians: the formula of Hettmansperger and Sheather with scipy.stats.binom","hd":[],"median":[]}
for n,law in [(2,'n'),(5,'n'),(10,'ln'),(37,'n'),(100,'ln'),(1000,'ln'),(20000,'ln')]:
    x=np.round(np.exp(rng.normal(size=n)) if law=='ln' else rng.normal(10,1,n),4); x.sort()
    if n==20000: x=np.arange(n)**1.5/1e4
    probs=[.01,.25,.5,.9,.95,.99]
    out["hd"].append({"n":n,"x":x.tolist() if n<20000 else [],"p":probs,"q":mstats.hdquantiles(x,prob=probs).data.tolist()})
for n in (6,7,12,25,100,1001):
  x=np.round(rng.normal(10,1,n),4); x.sort()
  for conf in (.9,.95):
    g=lambda d: 1-2*binom.cdf(d-1,n,.5)
    d=max(k for k in range(1,n//2+1) if g(k)>=conf)
    if 2*d>=n: continue
    I=(g(d)-conf)/(g(d)-g(d+1)); lam=(n-d)*I/(d+(n-2*d)*I)
    out["median"].append({"x":x.tolist(),"conf":conf,"lo":(1-lam)*x[d-1]+lam*x[d],"hi":(1-lam)*x[n-d]+lam*x[n-d-1]})
print(json.dumps(out))
