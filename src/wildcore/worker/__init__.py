"""The background shell: polls, schedules and jobs claimed by lease."""
