"""The candlestick chart: painting, axes and reading aids."""
