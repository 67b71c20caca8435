"""What people see and touch: panels show and ask, and know no service."""
