"""The benchmark of large simulations: a balanced network whose excitation learns."""

from __future__ import annotations

import numpy as np

from spikeloom.equations import Refractory, normal
from spikeloom.equations.units import Hz, ms, mV, nS, pA, pF
from spikeloom.models import AlphaCurrent, ConductanceLIF, PowerLawSTDP
from spikeloom.network.library.example import CV, RATE, Band, Built, Example, Setup, activity
from spikeloom.network.result import Result
from spikeloom.network.rules import FixedInDegree

J = 45.6096
"""Peak current of an excitatory synapse in pA: a potential of 0.14 mV."""
OUTSIDE = 20856.0
"""Spikes per second that each neuron gets from outside."""
TAU_SYN = 0.32582722403722841
"""Time constant of a synapse in ms."""


def hpc(setup: Setup) -> Built:
    """11,250 neurons with as many inputs each; synapses between excitatory neurons learn.

    Above scale 1 there are more neurons with the same number of inputs. Below it the inputs shrink
    with the network, and each weighs more, so that the mean input stays; its fluctuations grow.
    """
    net, share = setup.network(), min(setup.scale, 1.0)
    neuron = ConductanceLIF(C=250 * pF, g_L=25 * nS, E_L=0 * mV, theta=20 * mV, v_reset=0 * mV)
    cell, start = Refractory(neuron, 0.5 * ms), normal(5.7, 7.2, high=20) * mV
    exc = net.population(setup.of(9000), cell, name="exc", v=start)
    inh = net.population(setup.of(2250), cell, name="inh", v=start)
    synapse, weight, delay = AlphaCurrent(tau=TAU_SYN * ms), J / share * pA, 1.5 * ms
    many = FixedInDegree(round(9000 * share), multapses=True)
    few = FixedInDegree(round(2250 * share), multapses=True)
    # w is measured in units in which a full-size synapse weighs 45.6096.
    rule = PowerLawSTDP(
        tau_plus=15 * ms, tau_minus=30 * ms, lambda_=0.1, mu=0.4, alpha=0.0513, scale=pA / share
    )
    net.connect(exc, exc, synapse, many, weight=weight, delay=delay, name="learning", learning=rule)
    net.connect(exc, inh, synapse, many, weight=weight, delay=delay)
    net.connect(inh, exc + inh, synapse, few, weight=-5 * J / share * pA, delay=delay)
    net.poisson(exc + inh, synapse, rate=OUTSIDE * Hz, weight=J * pA)
    return Built(net, net.record(exc + inh, "spikes"), net.record(exc[:3], "v"))


MEAN, SPREAD = "mean weight (pA)", "spread of weights (pA)"


def learnt(built: Built, result: Result, settle: float) -> dict[str, float]:
    """Rate and irregularity, and the weights at the end."""
    weights = built.net.projections[0].weights.to(pA)
    found = activity(built, result, settle)
    return {
        RATE: found[RATE],
        CV: found[CV],
        MEAN: float(np.mean(weights)),
        SPREAD: float(np.std(weights)),
    }


HPC = Example(
    name="hpc",
    title="Balanced network with power-law plasticity",
    source="Morrison, Aertsen & Diesmann 2007, Neural Comput. 19:1437; Kunkel et al. 2014, Front. "
    "Neuroinform. 8:78",
    build=hpc,
    bands=(Band(RATE, 9.5, 12.0), Band(MEAN, 45.3, 46.2)),
    settle=50.0,
    duration=300.0,
    measure=learnt,
)
"""The bands hold what NEST 3.10 gave with the same numbers: 10.7 Hz and 45.6 pA."""
