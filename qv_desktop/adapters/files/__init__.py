"""Files of bars and ticks that others made: CSV and Parquet, in one of the many layouts, to our words."""
