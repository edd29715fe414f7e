"""Components, schedules and system settings as pages."""
