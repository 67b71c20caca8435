"""Built-in strategies: PARAMS and signals(bars, params)."""
