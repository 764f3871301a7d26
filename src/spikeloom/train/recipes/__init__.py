"""Recipes: training jobs as values."""

from spikeloom.train.recipes.build import build as build
from spikeloom.train.recipes.digits import DIGITS as DIGITS
from spikeloom.train.recipes.mnist import MNIST as MNIST
from spikeloom.train.recipes.recipe import Recipe as Recipe

RECIPES = {recipe.data: recipe for recipe in (DIGITS, MNIST)}
"""Data set -> recipe."""
