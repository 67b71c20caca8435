"""What the program promises, as tests."""
