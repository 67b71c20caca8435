"""Report files: CSV, JSON, HTML, XLSX and Parquet."""
