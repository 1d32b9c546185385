"""Budgets, which the rooms below share: see ``vtok.geometry.budget``."""

from vtok.geometry.budget import tokens

__all__ = ["tokens"]
