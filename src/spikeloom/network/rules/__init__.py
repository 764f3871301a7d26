"""Who is connected to whom: one rule a file, each a frozen value.

>>> FixedProbability(0.02)
FixedProbability(p=0.02, autapses=False)
>>> indptr, targets = FixedInDegree(10).build(100, 50, seed=1, entity="exc to inh")
>>> int(indptr[-1])
500
>>> near = Distance(ExponentialProfile(peak=0.5, length=2.0), period=10.0)
>>> isinstance(near, Rule), isinstance(near.profile, Profile)
(True, True)
>>> Convolution((4, 4), [[1.0, -1.0]]).targets_shape
(1, 4, 3)
"""

from __future__ import annotations

from spikeloom.network.rules.all_to_all import AllToAll as AllToAll
from spikeloom.network.rules.convolution import Convolution as Convolution
from spikeloom.network.rules.distance import Distance as Distance
from spikeloom.network.rules.edge_list import EdgeList as EdgeList
from spikeloom.network.rules.fixed_in_degree import FixedInDegree as FixedInDegree
from spikeloom.network.rules.fixed_out_degree import FixedOutDegree as FixedOutDegree
from spikeloom.network.rules.fixed_probability import FixedProbability as FixedProbability
from spikeloom.network.rules.fixed_total import FixedTotal as FixedTotal
from spikeloom.network.rules.memory import available_bytes as available_bytes
from spikeloom.network.rules.memory import estimated_bytes as estimated_bytes
from spikeloom.network.rules.one_to_one import OneToOne as OneToOne
from spikeloom.network.rules.profiles import ExponentialProfile as ExponentialProfile
from spikeloom.network.rules.profiles import GaussianProfile as GaussianProfile
from spikeloom.network.rules.profiles import Profile as Profile
from spikeloom.network.rules.rule import Rule as Rule
from spikeloom.network.rules.synapse_values import delays as delays
from spikeloom.network.rules.synapse_values import weights as weights
