"""The interface, driven as a person would."""
