"""Insight without surveillance: what many reviews say together, and nothing of one mail or one person."""
