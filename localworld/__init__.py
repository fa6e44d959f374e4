"""An offline world of stand-ins that speak the wire; in no wheel."""
