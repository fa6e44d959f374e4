"""Six made-up utilities' customer portals in one program, with switches to break them. Nobody lives behind them."""
