"""The whole program, driven as a person would drive it and broken as the world would break it."""
