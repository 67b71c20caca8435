"""The peers that our chart is compared with, each in a process of its own."""
