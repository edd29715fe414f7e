"""MikBill billing: its subscribers beside every ONU and port."""
