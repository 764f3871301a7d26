"""Surrogate gradients, one a file, each given by its smooth primitive.

>>> from spikeloom.models import ATan, FastSigmoid, Gaussian, Logistic, StraightThrough, Triangle
>>> for surrogate in FastSigmoid(), Gaussian(), Logistic(slope=8), StraightThrough():
...     print(surrogate)
FastSigmoid  slope 2
  spike ≈ (1 + slope*u/(1 + slope*abs(u)))/2
Gaussian  slope 2
  spike ≈ (1 + erf(slope*u))/2
Logistic  slope 8
  spike ≈ sigmoid(slope*u)
StraightThrough  slope 1
  spike ≈ slope*u + 0.5
>>> ATan(slope=2) == ATan(), Triangle().values
(True, mappingproxy({'slope': 1 * one}))
"""
