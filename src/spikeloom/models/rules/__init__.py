"""Learning rules, one a file. To add one, add a file and export its name in `models`.

>>> from spikeloom.equations.units import nS, pA
>>> from spikeloom.models import ABS, BCM, Hebb, Oja, SynapticScaling
>>> from spikeloom.models import GuetigSTDP, MultiplicativeSTDP, PairSTDP, PowerLawSTDP
>>> from spikeloom.models import NearestSTDP, NearestTripletSTDP, PreCentredSTDP, ReducedSTDP
>>> from spikeloom.models import ClopathSTDP, HomeostaticClopathSTDP, TripletSTDP, VogelsSTDP
>>> from spikeloom.models import DopamineSTDP, RewardSTDP, TsodyksMarkram, TsodyksMarkramThree
>>> rates = Hebb(), Oja(), BCM(), ABS(), SynapticScaling()
>>> pairs = PairSTDP(scale=5 * nS), MultiplicativeSTDP(), GuetigSTDP(), PowerLawSTDP(scale=pA)
>>> schemes = NearestSTDP(), PreCentredSTDP.froemke_dan(), ReducedSTDP.masquelier()
>>> triplets = TripletSTDP(), NearestTripletSTDP.hippocampus()
>>> voltage = ClopathSTDP(), HomeostaticClopathSTDP()
>>> others = VogelsSTDP(), DopamineSTDP(), RewardSTDP()
>>> short = TsodyksMarkram.cortical("EI"), TsodyksMarkramThree.facilitating()
>>> for rule in (*rates, *pairs, *schemes, *triplets, *voltage, *others, *short):
...     print(f"{rule.definition.name:23}", *(trace.name for trace in rule.definition.traces))
Hebb                    x y
Oja                     x y
BCM                     x y theta
ABS                     u p
SynapticScaling         a s
PairSTDP                x y
MultiplicativeSTDP      x y
GuetigSTDP              x y
PowerLawSTDP            x y
NearestSTDP             x y
PreCentredSTDP          x y
ReducedSTDP             x y
TripletSTDP             r1 r2 o1 o2
NearestTripletSTDP      r1 r2 o1 o2
ClopathSTDP             u_minus u_plus x
HomeostaticClopathSTDP  u_minus u_plus u_bar x
VogelsSTDP              x y
DopamineSTDP            x y c D
RewardSTDP              x y c mean
TsodyksMarkram          u r
TsodyksMarkramThree     u x y
"""
