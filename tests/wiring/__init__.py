"""Tests of what is connected to what: real panels, real services, plain stand-ins outside."""
