"""The model language: units, expressions, and classes that read like equations.

>>> from typing import Self
>>> from spikeloom.equations.units import mV, ms, one
>>> class Leaky(Neuron):
...     "A neuron that decays, and is pushed by currents and by spikes."
...
...     tau: Param = 20 * ms
...     theta: Param = 1 * mV
...     v: State = state(mV)
...     I: Input = inflow(mV)
...     x: Input = impulse(mV)
...
...     def flow(self, d: Self) -> None:
...         d.v = (self.I - self.v) / self.tau
...
...     def receive(self, after: Self) -> None:
...         after.v = self.v + self.x
...
...     def fires(self) -> Condition:
...         return self.v >= self.theta
...
...     def reset(self, after: Self) -> None:
...         after.v = 0 * mV
>>> Refractory(Leaky(tau=10 * ms), 2 * ms)
Refractory(Leaky(tau=10 * ms), 2 * ms)
>>> Leaky(tau=learn(10 * ms, low=1 * ms), theta=normal(1, 0.1) * mV)
Leaky(tau=learn(10 * ms, low=1 * ms), theta=normal(1, 0.1) * mV)
>>> class Restless(Neuron):
...     "Pushed about by noise, it fires at random, and now and then skips its reset."
...
...     tau: Param = 20 * ms
...     sigma: Param = 1 * mV
...     v: State = state(mV)
...     xi: Noise = noise()
...
...     def flow(self, d: Self) -> None:
...         d.v = -self.v / self.tau + self.sigma * sqrt(2 / self.tau) * self.xi
...
...     def fires(self) -> Condition:
...         return escapes(exp(self.v / self.sigma) / self.tau)
...
...     def reset(self, after: Self) -> None:
...         after.v = where(chance(0.9), 0 * mV, self.v)
>>> isinstance(learn(2), Learn), uniform(1, 2) * ms, lognormal(1, 0.5) * mV
(True, uniform(1, 2) * ms, lognormal(1, 0.5) * mV)
>>> class Counter(Neuron):
...     "Counts events of two kinds up and down, each by chance."
...
...     v: State = state(bits=8, overflow="wrap")
...     a: Inputs = impulse(bits=4, signed=False, of=2)
...     rho: Draws = draw(bits=8, of=2)
...
...     def tick(self, after: Self) -> None:
...         up, down = (hits(rho, n, 127) for rho, n in zip(self.rho, self.a))
...         after.v = self.v + up - down
>>> Counter()
Counter()
>>> class Line(Surrogate):
...     slope: Param = 1.0
...
...     def soft(self, u: Expr) -> Expr:
...         return self.slope * u
>>> Line(slope=3)
Line(slope=3)
"""

from __future__ import annotations

from spikeloom.equations.compose import Cell as Cell
from spikeloom.equations.declare import Draw as Draw
from spikeloom.equations.declare import Draws as Draws
from spikeloom.equations.declare import Input as Input
from spikeloom.equations.declare import Inputs as Inputs
from spikeloom.equations.declare import Noise as Noise
from spikeloom.equations.declare import Param as Param
from spikeloom.equations.declare import State as State
from spikeloom.equations.declare import Target as Target
from spikeloom.equations.declare import Trace as Trace
from spikeloom.equations.declare import Weight as Weight
from spikeloom.equations.declare import draw as draw
from spikeloom.equations.declare import impulse as impulse
from spikeloom.equations.declare import inflow as inflow
from spikeloom.equations.declare import integer as integer
from spikeloom.equations.declare import noise as noise
from spikeloom.equations.declare import post as post
from spikeloom.equations.declare import pre as pre
from spikeloom.equations.declare import shared as shared
from spikeloom.equations.declare import state as state
from spikeloom.equations.declare import synaptic as synaptic
from spikeloom.equations.declare import target as target
from spikeloom.equations.declare import weight as weight
from spikeloom.equations.definition import Definition as Definition
from spikeloom.equations.definition import DrawDecl as DrawDecl
from spikeloom.equations.definition import InputDecl as InputDecl
from spikeloom.equations.definition import NoiseDecl as NoiseDecl
from spikeloom.equations.definition import ParamDecl as ParamDecl
from spikeloom.equations.definition import StateDecl as StateDecl
from spikeloom.equations.definition import SurrogateDefinition as SurrogateDefinition
from spikeloom.equations.definition import SynapseDefinition as SynapseDefinition
from spikeloom.equations.expr import Condition as Condition
from spikeloom.equations.expr import Expr as Expr
from spikeloom.equations.families import Family as Family
from spikeloom.equations.families import family as family
from spikeloom.equations.functions import atan as atan
from spikeloom.equations.functions import clip as clip
from spikeloom.equations.functions import cos as cos
from spikeloom.equations.functions import cosh as cosh
from spikeloom.equations.functions import erf as erf
from spikeloom.equations.functions import exp as exp
from spikeloom.equations.functions import expm1 as expm1
from spikeloom.equations.functions import exprel as exprel
from spikeloom.equations.functions import log as log
from spikeloom.equations.functions import log1p as log1p
from spikeloom.equations.functions import maximum as maximum
from spikeloom.equations.functions import minimum as minimum
from spikeloom.equations.functions import pi as pi
from spikeloom.equations.functions import rises as rises
from spikeloom.equations.functions import sigmoid as sigmoid
from spikeloom.equations.functions import sign as sign
from spikeloom.equations.functions import sin as sin
from spikeloom.equations.functions import sinh as sinh
from spikeloom.equations.functions import sqrt as sqrt
from spikeloom.equations.functions import tanh as tanh
from spikeloom.equations.functions import where as where
from spikeloom.equations.integers import equals as equals
from spikeloom.equations.integers import hits as hits
from spikeloom.equations.integers import saturate as saturate
from spikeloom.equations.integers import wrap as wrap
from spikeloom.equations.learning import LearningRule as LearningRule
from spikeloom.equations.learning_definition import LearningDefinition as LearningDefinition
from spikeloom.equations.learning_definition import TargetDecl as TargetDecl
from spikeloom.equations.learning_definition import TraceDecl as TraceDecl
from spikeloom.equations.neuron import Neuron as Neuron
from spikeloom.equations.place import pair as pair
from spikeloom.equations.place import position as position
from spikeloom.equations.quantity import Quantity as Quantity
from spikeloom.equations.quantity import Unit as Unit
from spikeloom.equations.randomness import chance as chance
from spikeloom.equations.randomness import escapes as escapes
from spikeloom.equations.refractory import Refractory as Refractory
from spikeloom.equations.span import Span as Span
from spikeloom.equations.surrogate import Surrogate as Surrogate
from spikeloom.equations.synapse import Post as Post
from spikeloom.equations.synapse import Synapse as Synapse
from spikeloom.equations.text import from_text as from_text
from spikeloom.equations.values import Distribution as Distribution
from spikeloom.equations.values import Learn as Learn
from spikeloom.equations.values import learn as learn
from spikeloom.equations.values import lognormal as lognormal
from spikeloom.equations.values import normal as normal
from spikeloom.equations.values import uniform as uniform
