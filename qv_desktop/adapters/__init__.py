"""Translation between the world and the domain: sockets, vendors, the database, files."""
