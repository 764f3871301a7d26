"""Figures and the run report, from plain arrays. Matplotlib is imported when something is drawn."""

from __future__ import annotations

from spikeloom.show.cable import draw_courses as draw_courses
from spikeloom.show.cable import draw_morphology as draw_morphology
from spikeloom.show.cable import draw_potential as draw_potential
from spikeloom.show.cable import draw_profiles as draw_profiles
from spikeloom.show.cable import draw_space_time as draw_space_time
from spikeloom.show.cable import morphology as morphology
from spikeloom.show.cable import potential_on_cell as potential_on_cell
from spikeloom.show.cable import profiles as profiles
from spikeloom.show.cable import space_time as space_time
from spikeloom.show.comparison import comparison as comparison
from spikeloom.show.comparison import draw_beneath_spikes as draw_beneath_spikes
from spikeloom.show.comparison import draw_distances as draw_distances
from spikeloom.show.confusion import confusion as confusion
from spikeloom.show.curves import learning_curves as learning_curves
from spikeloom.show.fi_curve import draw_fi_curve as draw_fi_curve
from spikeloom.show.fi_curve import fi_curve as fi_curve
from spikeloom.show.network import raster as raster
from spikeloom.show.neuron import neuron as neuron
from spikeloom.show.phase_plane import draw_phase_plane as draw_phase_plane
from spikeloom.show.phase_plane import phase_plane as phase_plane
from spikeloom.show.population_rates import population_rates as population_rates
from spikeloom.show.potentials import potentials as potentials
from spikeloom.show.psp import draw_psp as draw_psp
from spikeloom.show.psp import psp as psp
from spikeloom.show.rasters_of_layers import rasters as rasters
from spikeloom.show.rates import firing_rates as firing_rates
from spikeloom.show.report import write_report as write_report
from spikeloom.show.response import draw_input as draw_input
from spikeloom.show.response import draw_spikes as draw_spikes
from spikeloom.show.response import draw_states as draw_states
from spikeloom.show.response import response as response
from spikeloom.show.run import Curves as Curves
from spikeloom.show.run import Energy as Energy
from spikeloom.show.run import Examples as Examples
from spikeloom.show.run import Layer as Layer
from spikeloom.show.run import RunReport as RunReport
from spikeloom.show.spectra import spectra as spectra
from spikeloom.show.svg import inline_svg as inline_svg
from spikeloom.show.svg import png as png
from spikeloom.show.triggered import triggered as triggered
from spikeloom.show.weights import weights as weights
