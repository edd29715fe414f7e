"""The logs: actions of people, runs of pollers, questions to devices."""
