"""What services ask of the outside: each has a real maker in adapters and a plain one in tests.

All methods are called on the one loop; makers hand blocking work to threads of their own. Every maker of a table writes its audit
row in the same transaction as what it records.
"""
