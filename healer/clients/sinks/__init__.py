"""The doors by which the leak audit reads what others keep: one module a sink, each gives `healer.audit.Piece` one by one."""
