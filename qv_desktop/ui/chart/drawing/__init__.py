"""Drawing on the chart: what a person draws, how it looks and how hands take hold of it."""
