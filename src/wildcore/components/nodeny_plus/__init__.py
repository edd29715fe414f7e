"""NoDeny Plus billing: its subscribers beside ONUs and ports, and the diagnosis in its subscriber card."""
