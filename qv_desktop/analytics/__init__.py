"""Arrays in, arrays out: indicators, downsampling and statistics."""
