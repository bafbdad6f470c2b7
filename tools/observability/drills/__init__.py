"""Drills: a fault on purpose under load, to see its alert fire, its fallback hold and the shop recover."""
