"""Agents: programs that mend importers, all behind one seam, and the walls that they work within."""
