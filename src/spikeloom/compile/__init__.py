"""Equations + method → Program: integration, adjoint, simplification, verification."""

from spikeloom.compile.bind import Bound as Bound
from spikeloom.compile.bind import bind as bind
from spikeloom.compile.choice import Choice as Choice
from spikeloom.compile.choice import choose_method as choose_method
from spikeloom.compile.compiler import compile_neuron as compile_neuron
from spikeloom.compile.implicit import RODAS3 as RODAS3
from spikeloom.compile.implicit import ROS2 as ROS2
from spikeloom.compile.implicit import LinearlyImplicitEuler as LinearlyImplicitEuler
from spikeloom.compile.implicit import Rosenbrock as Rosenbrock
from spikeloom.compile.learning import bind_rule as bind_rule
from spikeloom.compile.learning import compile_rule as compile_rule
from spikeloom.compile.learning_event import event_of as event_of
from spikeloom.compile.learning_program import RuleProgram as RuleProgram
from spikeloom.compile.methods import RK4 as RK4
from spikeloom.compile.methods import Euler as Euler
from spikeloom.compile.methods import EulerMaruyama as EulerMaruyama
from spikeloom.compile.methods import Exact as Exact
from spikeloom.compile.methods import ExponentialEuler as ExponentialEuler
from spikeloom.compile.methods import Heun as Heun
from spikeloom.compile.methods import Method as Method
from spikeloom.compile.methods import Midpoint as Midpoint
from spikeloom.compile.methods import SequentialEuler as SequentialEuler
from spikeloom.compile.milstein import Milstein as Milstein
from spikeloom.compile.program import Program as Program
from spikeloom.compile.tick_program import TickProgram as TickProgram
from spikeloom.compile.ticks import compile_ticks as compile_ticks
