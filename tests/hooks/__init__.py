"""What Python programs of stories load at their start."""
